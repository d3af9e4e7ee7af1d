"""Users, groups and service principals (SCIM); tokens; permissions on objects."""

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceConflict, Unauthenticated
from databricks.sdk.service.iam import AccessControlRequest, ComplexValue, Name, Patch, PatchOp, PatchSchema, PermissionLevel

PATCH = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]


def test_who_am_i(workspace, stranger):
    me = workspace.current_user.me()
    assert me.user_name == "admin@localhost" and "admins" in [group.display for group in me.groups]
    assert stranger.current_user.me().user_name == stranger.name


def test_the_life_of_a_user(workspace, name):
    mail = f"{name('u')}@example.com"
    user = workspace.users_v2.create(user_name=mail, display_name="Ada", name=Name(given_name="Ada", family_name="L"), emails=[ComplexValue(value=mail, primary=True)])
    assert workspace.users_v2.get(user.id) == user and user.active and user.name.given_name == "Ada"
    workspace.users_v2.patch(user.id, schemas=PATCH, operations=[Patch(op=PatchOp.REPLACE, path="displayName", value="Countess"),
                                                                Patch(op=PatchOp.ADD, path="entitlements", value=[{"value": "allow-cluster-create"}])])
    changed = workspace.users_v2.get(user.id)
    assert changed.display_name == "Countess" and [one.value for one in changed.entitlements] == ["allow-cluster-create"]
    workspace.users_v2.update(user.id, user_name=mail, display_name="Ada again", active=True)
    replaced = workspace.users_v2.get(user.id)
    assert replaced.display_name == "Ada again" and not replaced.entitlements
    with pytest.raises(ResourceConflict):
        workspace.users_v2.create(user_name=mail)
    workspace.users_v2.delete(user.id)
    with pytest.raises(NotFound):
        workspace.users_v2.get(user.id)


def test_lists_are_filtered_sorted_and_paged(workspace, name):
    stem = name("many")
    users = [workspace.users_v2.create(user_name=f"{stem}{n}@example.com") for n in range(5)]
    names = [user.user_name for user in users]
    listed = lambda **more: [user.user_name for user in workspace.users_v2.list(filter=f'userName sw "{stem}"', **more)]
    assert sorted(listed()) == names and sorted(listed(count=2)) == names and len(listed(count=2)) == 5
    assert listed(sort_by="userName") == names
    assert [user.user_name for user in workspace.users_v2.list(filter=f'userName eq "{names[3]}"')] == [names[3]]
    (only,) = workspace.users_v2.list(filter=f'userName eq "{names[3]}"', attributes="userName")
    assert only.user_name == names[3] and only.active is None
    with pytest.raises(BadRequest):
        list(workspace.users_v2.list(filter="userName nonsense"))
    for user in users:
        workspace.users_v2.delete(user.id)


def test_the_life_of_a_group(workspace, name):
    user = workspace.users_v2.create(user_name=f"{name('u')}@example.com")
    group = workspace.groups_v2.create(display_name=name("g"), members=[ComplexValue(value=user.id)])
    assert [one.value for one in workspace.groups_v2.get(group.id).members] == [user.id]
    assert group.display_name in [one.display for one in workspace.users_v2.get(user.id).groups]
    assert group.id in [one.id for one in workspace.groups_v2.list(filter=f'displayName eq "{group.display_name}"')]
    workspace.groups_v2.patch(group.id, schemas=PATCH, operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{user.id}"]')])
    assert not workspace.groups_v2.get(group.id).members
    workspace.groups_v2.patch(group.id, schemas=PATCH, operations=[Patch(op=PatchOp.ADD, value={"members": [{"value": user.id}]})])
    renamed = name("renamed")
    workspace.groups_v2.update(group.id, display_name=renamed, members=[])
    assert workspace.groups_v2.get(group.id).display_name == renamed and not workspace.groups_v2.get(group.id).members
    with pytest.raises(ResourceConflict):
        workspace.groups_v2.create(display_name=renamed)
    workspace.groups_v2.delete(group.id)
    workspace.users_v2.delete(user.id)
    with pytest.raises(NotFound):
        workspace.groups_v2.get(group.id)


def test_the_life_of_a_service_principal(workspace, server, name):
    made = workspace.service_principals_v2.create(display_name=name("sp"))
    assert workspace.service_principals_v2.get(made.id) == made and made.active and made.application_id
    assert made.id in [one.id for one in workspace.service_principals_v2.list(filter=f'displayName eq "{made.display_name}"')]
    token = workspace.token_management.create_obo_token(made.application_id, comment="to be cut off").token_value
    client = WorkspaceClient(host=server.info["url"], token=token)
    assert client.current_user.me().user_name == made.application_id
    with pytest.raises(BadRequest, match="value"):  # the SDK leaves a false value out
        workspace.service_principals_v2.patch(made.id, schemas=PATCH, operations=[Patch(op=PatchOp.REPLACE, path="active", value=False)])
    assert client.current_user.me().active
    workspace.service_principals_v2.patch(made.id, schemas=PATCH, operations=[Patch(op=PatchOp.REPLACE, value={"active": False})])
    with pytest.raises((Unauthenticated, PermissionDenied)):
        client.current_user.me()
    workspace.service_principals_v2.update(made.id, application_id=made.application_id, display_name="again", active=True)
    assert workspace.service_principals_v2.get(made.id).display_name == "again"
    assert client.current_user.me().display_name == "again"
    workspace.service_principals_v2.delete(made.id)
    with pytest.raises(NotFound):
        workspace.service_principals_v2.get(made.id)
    with pytest.raises((Unauthenticated, PermissionDenied)):
        client.current_user.me()


def test_a_member_has_what_his_group_has(workspace, make_principal, server, name):
    member = make_principal()
    group = workspace.groups_v2.create(display_name=name("g"), members=[ComplexValue(value=member.principal_id)])
    warehouse = server.info["warehouse_id"]
    with pytest.raises(PermissionDenied):
        member.warehouses.get(warehouse)
    workspace.permissions.update("sql/warehouses", warehouse, access_control_list=[
        AccessControlRequest(group_name=group.display_name, permission_level=PermissionLevel.CAN_VIEW)])
    assert member.warehouses.get(warehouse).id == warehouse
    workspace.groups_v2.delete(group.id)
    with pytest.raises(PermissionDenied):
        member.warehouses.get(warehouse)


def test_tokens(workspace, make_principal, server):
    guest = make_principal()
    made = guest.tokens.create(comment="mine", lifetime_seconds=3600)
    token_id = made.token_info.token_id
    assert made.token_info.expiry_time - made.token_info.creation_time == 3_600_000
    assert WorkspaceClient(host=server.info["url"], token=made.token_value).current_user.me().user_name == guest.name
    assert token_id in [one.token_id for one in guest.tokens.list()] and token_id not in [one.token_id for one in workspace.tokens.list()]
    told = workspace.token_management.get(token_id).token_info
    assert (told.comment, told.created_by_username, told.owner_id) == ("mine", guest.name, int(guest.principal_id))
    assert token_id in [one.token_id for one in workspace.token_management.list(created_by_username=guest.name)]
    assert token_id in [one.token_id for one in workspace.token_management.list(created_by_id=int(guest.principal_id))]
    with pytest.raises(NotFound):
        workspace.tokens.delete(token_id)  # another's
    guest.tokens.delete(token_id)
    with pytest.raises(Unauthenticated):
        WorkspaceClient(host=server.info["url"], token=made.token_value).current_user.me()
    second = guest.tokens.create(comment="second")
    workspace.token_management.delete(second.token_info.token_id)
    for call in (lambda: workspace.token_management.get(second.token_info.token_id), lambda: workspace.token_management.delete(second.token_info.token_id),
                 lambda: guest.tokens.delete(second.token_info.token_id), lambda: workspace.token_management.create_obo_token("no-such-principal")):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(BadRequest):
        guest.tokens.create(comment="for ever", lifetime_seconds=-7)


def test_permissions_of_an_object(workspace, make_principal, name):
    guest = make_principal()
    warehouse = workspace.warehouses.create(name=name("w")).id
    levels = {one.permission_level for one in workspace.permissions.get_permission_levels("sql/warehouses", warehouse).permission_levels}
    assert {PermissionLevel.CAN_USE, PermissionLevel.CAN_MANAGE, PermissionLevel.IS_OWNER} <= levels
    held = lambda: {(one.user_name or one.group_name or one.service_principal_name): [level.permission_level.value for level in one.all_permissions]
                    for one in workspace.permissions.get("sql/warehouses", warehouse).access_control_list}
    assert held()["admin@localhost"] == ["IS_OWNER"]
    change = [AccessControlRequest(service_principal_name=guest.name, permission_level=PermissionLevel.CAN_MANAGE)]
    assert workspace.permissions.update("sql/warehouses", warehouse, access_control_list=change).object_id == f"/sql/warehouses/{warehouse}"
    assert held()[guest.name] == ["CAN_MANAGE"]
    owner = AccessControlRequest(user_name="admin@localhost", permission_level=PermissionLevel.IS_OWNER)
    workspace.permissions.set("sql/warehouses", warehouse, access_control_list=[owner])
    assert guest.name not in held()
    with pytest.raises(BadRequest, match="owner"):
        workspace.permissions.set("sql/warehouses", warehouse, access_control_list=change)
    assert guest.name not in held() and held()["admin@localhost"] == ["IS_OWNER"]
    with pytest.raises(NotFound):
        workspace.permissions.update("sql/warehouses", warehouse, access_control_list=[
            AccessControlRequest(user_name="nobody@example.com", permission_level=PermissionLevel.CAN_USE)])
    with pytest.raises(BadRequest):
        workspace.permissions.update("sql/warehouses", warehouse, access_control_list=[
            AccessControlRequest(service_principal_name=guest.name, permission_level=PermissionLevel.CAN_RESTART)])
    for call in (lambda: guest.permissions.get("sql/warehouses", warehouse), lambda: guest.permissions.update("sql/warehouses", warehouse, access_control_list=change),
                 lambda: guest.permissions.set("sql/warehouses", warehouse, access_control_list=change)):
        with pytest.raises(PermissionDenied):
            call()
    workspace.warehouses.delete(warehouse)
    with pytest.raises((BadRequest, NotFound)):
        workspace.permissions.get("sql/warehouses", warehouse)


def test_a_stranger_is_refused(workspace, stranger, name):
    me = workspace.current_user.me()
    group = next(iter(workspace.groups_v2.list()))
    assert stranger.users_v2.get(me.id).user_name == me.user_name and list(stranger.groups_v2.list()) and list(stranger.service_principals_v2.list())
    replace = [Patch(op=PatchOp.REPLACE, path="active", value=False)]
    w = stranger
    calls = [lambda: w.users_v2.create(user_name="x@example.com"), lambda: w.users_v2.update(me.id, user_name="x@example.com"),
             lambda: w.users_v2.patch(me.id, schemas=PATCH, operations=replace), lambda: w.users_v2.delete(me.id),
             lambda: w.groups_v2.create(display_name=name("g")), lambda: w.groups_v2.update(group.id, display_name="mine"),
             lambda: w.groups_v2.patch(group.id, schemas=PATCH, operations=[Patch(op=PatchOp.ADD, value={"members": [{"value": w.principal_id}]})]),
             lambda: w.groups_v2.delete(group.id), lambda: w.service_principals_v2.create(display_name="x"),
             lambda: w.service_principals_v2.update(w.principal_id, display_name="x"),
             lambda: w.service_principals_v2.patch(w.principal_id, schemas=PATCH, operations=[
                 Patch(op=PatchOp.ADD, path="entitlements", value=[{"value": "allow-cluster-create"}])]),
             lambda: w.service_principals_v2.delete(w.principal_id), lambda: list(w.token_management.list()),
             lambda: w.token_management.get("0"), lambda: w.token_management.delete("0"), lambda: w.token_management.create_obo_token(w.name)]
    for call in calls:
        with pytest.raises(PermissionDenied):
            call()
