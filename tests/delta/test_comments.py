"""A table's comment is in its log, and in the catalog as the log has it."""

import replay


def test_comments_of_tables_go_to_log_and_catalog(sql, workspace):
    sql("CREATE TABLE commented (id INT) COMMENT 'at first'")
    root = dict(zip(("format", "id", "name", "description", "location"), sql("DESCRIBE DETAIL commented")[0]))["location"]

    def comments():
        return replay.check(root).metadata.get("description"), workspace.tables.get("main.default.commented").comment

    assert comments() == ("at first", "at first")
    sql("COMMENT ON TABLE commented IS 'later'")
    assert comments() == ("later", "later")
    sql("ALTER TABLE commented SET TBLPROPERTIES ('comment' = 'a property')")
    assert comments() == ("a property", "a property")
    sql("COMMENT ON TABLE commented IS NULL")
    assert comments() == ("", None)
    sql("COMMENT ON TABLE commented IS 'again'")
    sql("ALTER TABLE commented UNSET TBLPROPERTIES ('comment')")
    assert comments() == (None, None)
    sql("COMMENT ON TABLE delta.`%s` IS 'by its path'" % root)
    assert comments() == ("by its path", "by its path")
    sql("CREATE VIEW seen AS SELECT 1 AS a")
    sql("COMMENT ON VIEW seen IS 'a view'")
    assert workspace.tables.get("main.default.seen").comment == "a view"
    sql("DROP TABLE commented")
