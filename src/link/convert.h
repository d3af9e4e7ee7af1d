// Between the structs of the interfaces and the messages on the wire.
#pragma once

#include <span>

#include "link/control_api.h"
#include "link/driver_api.h"
#include "link/link.pb.h"

namespace ashlar::link {

void ToWire(const Error& error, wire::Error* out);
Error FromWire(const wire::Error& error);
// The error of a reply's `error` member, if it is set (its code is never empty).
template <typename Reply>
Status ReplyStatus(const Reply& reply) {
  if (reply.has_error()) return FromWire(reply.error());
  return OkStatus();
}

Result<std::vector<Field>> FieldsFromWire(const google::protobuf::RepeatedPtrField<wire::Column>& columns);
void FieldsToWire(const std::vector<Field>& fields, google::protobuf::RepeatedPtrField<wire::Column>* out);

void ToWire(const sql::ResolveRequest& request, wire::ResolveRequest::Item* out);
sql::ResolveRequest FromWire(const wire::ResolveRequest::Item& item);
void ToWire(const sql::RatifiedCommits& commits, wire::RatifiedCommits* out);
sql::RatifiedCommits FromWire(const wire::RatifiedCommits& commits);
void ToWire(const sql::ResolvedRelation& relation, wire::Relation* out);
Result<sql::ResolvedRelation> FromWire(const wire::Relation& relation);

void ToWire(const sql::CatalogCommand& command, wire::CatalogRequest* out);
Result<sql::CatalogCommand> FromWire(const wire::CatalogRequest& request);
void ToWire(const sql::CatalogReply& reply, wire::CatalogReply* out);
Result<sql::CatalogReply> FromWire(const wire::CatalogReply& reply);

void ToWire(const StatementRequest& request, wire::ExecuteRequest* out);
StatementRequest FromWire(const wire::ExecuteRequest& request);
void ToWire(const StatementStatus& status, wire::StatementReply* out);
Result<StatementStatus> FromWire(const wire::StatementReply& reply);

}  // namespace ashlar::link
