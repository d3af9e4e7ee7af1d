#include <gtest/gtest.h>

#include "api/clusters.h"
#include "api/jobs.h"
#include "api/multipart.h"
#include "api/scim.h"
#include "api/statement_execution.h"
#include "api/warehouses.h"
#include "http/router.h"

namespace ashlar::api {
namespace {

using statement_execution::ExecuteStatementRequest;
using statement_execution::ResultData;
using warehouses::CreateWarehouseRequest;

TEST(Message, AbsentIsNotSentAndZeroIs) {
  CreateWarehouseRequest request;
  EXPECT_EQ(ToJson(request), "{}");
  request.name = "a \"b\"\n\xC3\xA9";
  request.auto_stop_mins = 0;
  request.enable_photon = false;
  request.cluster_size.SetNull();
  EXPECT_EQ(ToJson(request),
            "{\"auto_stop_mins\":0,\"cluster_size\":null,\"enable_photon\":false,"
            "\"name\":\"a \\\"b\\\"\\n\xC3\xA9\"}");
}

TEST(Message, ReadsBackWhatItWrote) {
  const std::string json =
      R"({"byte_count":9007199254740993,"data_array":[["1",null],[]],"external_links":[{"http_headers":{"a":"b"}}]})";
  Result<ResultData> data = FromJson<ResultData>(json);
  ASSERT_TRUE(data.ok()) << data.error().message;
  EXPECT_EQ((*data->data_array)[0][1], std::nullopt);
  EXPECT_EQ(ToJson(*data), json);
}

TEST(Message, Int64ComesAsNumberOrString) {
  for (std::string text : {"7", "\"7\"", "7.0"}) {
    auto request = FromJson<CreateWarehouseRequest>("{\"max_num_clusters\":" + text + "}");
    ASSERT_TRUE(request.ok()) << text;
    EXPECT_EQ(*request->max_num_clusters, 7);
  }
}

struct BadCase {
  std::string json;
  ErrorCode code;
  std::string message;
};

TEST(Message, WrongTypesNameTheField) {
  const BadCase cases[] = {
      {"{", ErrorCode::kMalformedRequest, "Invalid JSON"},
      {"[]", ErrorCode::kMalformedRequest, "the body expects an object, not an array"},
      {R"({"name":{}})", ErrorCode::kMalformedRequest, "field 'name' expects a string, not an object"},
      {R"({"tags":{"custom_tags":[{"key":"a"},{"key":[]}]}})", ErrorCode::kMalformedRequest,
       "field 'tags.custom_tags[1].key' expects a string, not an array"},
      {R"({"enable_photon":1})", ErrorCode::kMalformedRequest, "'enable_photon' expects a boolean, not a number"},
      {R"({"auto_stop_mins":"ten"})", ErrorCode::kInvalidParameterValue,
       "Field 'auto_stop_mins' expects a 64-bit integer: \"ten\""},
      {R"({"auto_stop_mins":1.5})", ErrorCode::kInvalidParameterValue, "64-bit integer: 1.5"},
      {R"({"auto_stop_mins":9223372036854775808})", ErrorCode::kInvalidParameterValue, "64-bit integer"},
  };
  for (const BadCase& bad : cases) {
    auto request = FromJson<CreateWarehouseRequest>(bad.json);
    ASSERT_FALSE(request.ok()) << bad.json;
    EXPECT_EQ(request.error().code, bad.code) << bad.json;
    EXPECT_NE(request.error().message.find(bad.message), std::string::npos) << request.error().message;
  }
}

TEST(Message, EnumsAreOpen) {
  auto info = FromJson<warehouses::GetWarehouseResponse>(R"({"state":"SOMETHING_NEW"})");
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(ToJson(*info), R"({"state":"SOMETHING_NEW"})");
  info->state = warehouses::State::kRunning;
  EXPECT_TRUE(*info->state == warehouses::State::kRunning);
}

TEST(Message, UnknownFieldsAreKeptWhereTheSchemaSaysSo) {
  const std::string json =
      R"({"new_settings":{"tasks":[{"task_key":"a","new_cluster":{"num_workers":0,"zz":[1]},"yy":{"b":null}}],"xx":1}})";
  auto request = FromJson<jobs::ResetJobRequest>(json);
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->new_settings->unknown_fields, R"({"xx":1})");
  auto again = FromJson<jobs::ResetJobRequest>(ToJson(*request));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *request);
  EXPECT_NE(ToJson(*request).find(R"("zz":[1])"), std::string::npos);
  EXPECT_NE(ToJson(*request).find(R"("yy":{"b":null})"), std::string::npos);
}

TEST(Message, ADerivedMessageReadsAndWritesItsBase) {
  auto create = FromJson<clusters::CreateClusterRequest>(
      R"({"spark_version":"x","clone_from":{"source_cluster_id":"c"},"new_option":1})");
  ASSERT_TRUE(create.ok());
  const clusters::ClusterSpec spec = *create;
  EXPECT_EQ(ToJson(spec), R"({"spark_version":"x","new_option":1})");
  EXPECT_EQ(ToJson(*create), R"({"spark_version":"x","clone_from":{"source_cluster_id":"c"},"new_option":1})");
}

TEST(Message, MessagesMayRecurse) {
  const std::string json =
      R"({"tasks":[{"task_key":"outer","for_each_task":{"inputs":"[1]","task":{"task_key":"inner"}}}]})";
  auto settings = FromJson<jobs::JobSettings>(json);
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  EXPECT_EQ(ToJson(*settings), json);
}

TEST(Message, NamesOfTheWireNeedNotBeOurs) {
  auto user = FromJson<scim::User>(R"({"userName":"u","groups":[{"$ref":"Groups/1"}],"name":{"givenName":"G"}})");
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(*user->user_name, "u");
  EXPECT_EQ(*(*user->groups)[0].ref, "Groups/1");
}

TEST(Message, FieldsThatAreNotBuiltAreRefusedByName) {
  auto request = *FromJson<CreateWarehouseRequest>(R"({"name":"a","channel":{}})");
  EXPECT_TRUE(RefuseFields(request, {"tags"}).ok());
  Status refused = RefuseFields(request, {"tags", "channel"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotImplemented);
  EXPECT_EQ(refused.error().message, "Not implemented: the field 'channel' of CreateWarehouseRequest.");
}

TEST(Message, MergeReplacesWhatIsPresent) {
  auto base = *FromJson<CreateWarehouseRequest>(R"({"name":"a","auto_stop_mins":5,"tags":{"custom_tags":[]}})");
  auto patch = *FromJson<CreateWarehouseRequest>(R"({"auto_stop_mins":0,"tags":null})");
  Merge(base, patch);
  EXPECT_EQ(ToJson(base), R"({"auto_stop_mins":0,"name":"a","tags":null})");
}

TEST(Message, MaskedMergeTouchesOnlyTheMask) {
  auto base = *FromJson<CreateWarehouseRequest>(
      R"({"name":"a","auto_stop_mins":5,"channel":{"dbsql_version":"1","name":"CHANNEL_NAME_CURRENT"}})");
  auto patch = *FromJson<CreateWarehouseRequest>(R"({"name":"b","channel":{"name":"CHANNEL_NAME_PREVIEW"}})");
  const std::vector<std::string> mask = {"auto_stop_mins", "channel.name"};
  ASSERT_TRUE(MergeMasked(base, patch, mask).ok());
  EXPECT_EQ(ToJson(base), R"({"channel":{"dbsql_version":"1","name":"CHANNEL_NAME_PREVIEW"},"name":"a"})");
  const std::vector<std::string> removal = {"channel.dbsql_version"};
  ASSERT_TRUE(MergeMasked(base, CreateWarehouseRequest(), removal).ok());
  EXPECT_EQ(ToJson(base), R"({"channel":{"name":"CHANNEL_NAME_PREVIEW"},"name":"a"})");
  const std::vector<std::string> unknown = {"name.x"};
  EXPECT_FALSE(MergeMasked(base, patch, unknown).ok());
}

// A service whose answers show what reached it.
class EchoWarehouses final : public warehouses::WarehousesService {
 public:
  Result<warehouses::CreateWarehouseResponse> CreateWarehouse(
      const http::RequestContext&, const CreateWarehouseRequest& request) override {
    warehouses::CreateWarehouseResponse answer;
    answer.id = ToJson(request);
    return answer;
  }
  Result<warehouses::ListWarehousesResponse> ListWarehouses(
      const http::RequestContext&, const warehouses::ListWarehousesRequest& request) override {
    warehouses::ListWarehousesResponse answer;
    answer.next_page_token = ToJson(request);
    return answer;
  }
  Result<warehouses::GetWarehouseResponse> GetWarehouse(
      const http::RequestContext&, const warehouses::GetWarehouseRequest& request) override {
    warehouses::GetWarehouseResponse answer;
    answer.id = *request.id;
    return answer;
  }
  Result<void> EditWarehouse(const http::RequestContext&,
                             const warehouses::EditWarehouseRequest& request) override {
    return MakeError(ErrorCode::kInvalidState, ToJson(request));
  }
  Result<void> DeleteWarehouse(const http::RequestContext&,
                               const warehouses::DeleteWarehouseRequest&) override {
    return NotImplemented("deleting");
  }
  Result<void> StartWarehouse(const http::RequestContext&,
                              const warehouses::StartWarehouseRequest&) override {
    return OkStatus();
  }
  Result<void> StopWarehouse(const http::RequestContext&,
                             const warehouses::StopWarehouseRequest&) override {
    return OkStatus();
  }
};

class OnlyOne final : public http::ObjectAccess {
 public:
  Status Require(const http::Principal&, std::string_view level, std::string_view type,
                 std::string_view id) const override {
    if (id == "mine") return OkStatus();
    return MakeError(ErrorCode::kPermissionDenied,
                     std::string(level) + " " + std::string(type) + " " + std::string(id));
  }
};

class Routes : public testing::Test {
 protected:
  Routes() {
    warehouses::Register(router_, service_);
    context_.access = &access_;
  }

  // "200 body" or "CODE message".
  std::string Call(std::string method, std::string path, std::string body = "", std::string query = "") {
    Result<http::RouteMatch> match = router_.Find(method, path);
    if (!match.ok()) return match.error().message;
    http::Request request;
    request.body = std::move(body);
    request.query = http::ParseQuery(query);
    request.path_params = match->params;
    std::string out = "never answered";
    match->route->handler(context_, request).Then([&](Result<http::Response> response) {
      out = response.ok() ? std::to_string(response->status) + " " + response->body
                          : std::string(ErrorCodeName(response.error().code)) + " " + response.error().message;
    });
    return out;
  }

  EchoWarehouses service_;
  OnlyOne access_;
  http::Router router_;
  http::RequestContext context_;
};

TEST_F(Routes, BodyQueryAndPathMeetInOneRequest) {
  EXPECT_EQ(Call("GET", "/api/2.0/sql/warehouses/mine"), R"(200 {"id":"mine"})");
  EXPECT_EQ(Call("POST", "/api/2.0/sql/warehouses/mine/edit", R"({"name":"n","id":"other"})"),
            R"(INVALID_STATE {"name":"n","id":"mine"})");
  EXPECT_EQ(Call("GET", "/api/2.0/sql/warehouses", "", "page_size=5&page_token=a%20b&unknown=1"),
            R"(200 {"next_page_token":"{\"page_size\":5,\"page_token\":\"a b\"}"})");
  EXPECT_EQ(Call("POST", "/api/2.0/sql/warehouses/mine/start"), "200 {}");
  EXPECT_EQ(Call("POST", "/api/2.0/sql/warehouses", ""), R"(200 {"id":"{}"})");
}

TEST_F(Routes, TheObjectPermissionStandsBeforeTheHandler) {
  EXPECT_EQ(Call("GET", "/api/2.0/sql/warehouses/other"), "PERMISSION_DENIED CAN_VIEW warehouses other");
  context_.access = nullptr;
  EXPECT_EQ(Call("GET", "/api/2.0/sql/warehouses/mine").substr(0, 17), "PERMISSION_DENIED");
}

TEST_F(Routes, WhatIsNotBuiltSaysSo) {
  EXPECT_EQ(Call("DELETE", "/api/2.0/sql/warehouses/mine"), "NOT_IMPLEMENTED Not implemented: deleting.");
  EXPECT_EQ(Call("GET", "/api/2.0/sql/config/warehouses/x"),
            "No API found for 'GET /sql/config/warehouses/x'");
}

TEST(Multipart, PartsAreRawBytes) {
  const std::string body =
      "--XX\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\n/a b\r\n"
      "--XX\r\nContent-Disposition: form-data; name=\"content\"; filename=\"x\"\r\nContent-Type: a/b\r\n\r\n"
      "1\r\n--X\r\n2\r\n--XX--\r\n";
  auto parts = ParseMultipart("multipart/form-data; boundary=XX", body);
  ASSERT_TRUE(parts.ok()) << parts.error().message;
  EXPECT_EQ(*parts, (std::vector<FormPart>{{"path", "/a b"}, {"content", "1\r\n--X\r\n2"}}));
}

TEST(Multipart, BrokenBodiesAreRefused) {
  for (std::string body : {"", "--XX", "--XX\r\n", "--XX\r\n\r\nx\r\n--XX--", "--XX\r\nA: b\r\n\r\nx\r\n--XX--",
                           "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nx"}) {
    EXPECT_FALSE(ParseMultipart("multipart/form-data; boundary=XX", body).ok()) << body;
  }
  EXPECT_FALSE(ParseMultipart("multipart/form-data", "--XX--").ok());
}

}  // namespace
}  // namespace ashlar::api
