#include "objectstore/cloud_store.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <thread>

#include "objectstore/http_date.h"

namespace ashlar::objectstore {
namespace {

// Answers from a script, and keeps what was asked.
class ScriptedTransport final : public HttpTransport {
 public:
  explicit ScriptedTransport(std::deque<Result<HttpResponse>> script) : script_(std::move(script)) {}
  Result<HttpResponse> Send(const HttpRequest& request) override {
    asked.push_back(request);
    if (script_.empty()) return MakeError(ErrorCode::kInternalError, "the script has ended");
    Result<HttpResponse> answer = std::move(script_.front());
    script_.pop_front();
    return answer;
  }
  bool Ended() const { return script_.empty(); }

  std::vector<HttpRequest> asked;

 private:
  std::deque<Result<HttpResponse>> script_;
};

const Error kLost = MakeError(ErrorCode::kIoError, "no answer");
const Error kUnsent = MakeError(ErrorCode::kTemporarilyUnavailable, "cannot connect");

HttpResponse Answer(int status, std::map<std::string, std::string> headers = {}, std::string body = "") {
  return {status, std::move(headers), std::move(body)};
}

class CloudStore : public testing::Test {
 protected:
  CloudObjectStore& Make(std::deque<Result<HttpResponse>> script, RetryPolicy policy = {.attempts = 3}) {
    transport_ = std::make_shared<ScriptedTransport>(std::move(script));
    S3Options options{.bucket = "bucket", .endpoint = "http://h:1", .access_key_id = "a", .secret_access_key = "s"};
    pauses_.clear();
    store_ = std::make_unique<CloudObjectStore>(
        CloudObjectStore::Place{"s3://bucket/t", "t"}, *MakeS3Service(options, clock_), transport_,
        policy, [this](int64_t ms) { pauses_.push_back(ms); });
    return *store_;
  }
  Result<PutOutcome> Put(std::deque<Result<HttpResponse>> script) {
    Result<PutOutcome> outcome = Make(std::move(script)).PutIfAbsent("s3://bucket/t/x", "1");
    EXPECT_TRUE(transport_->Ended());
    return outcome;
  }

  FakeClock clock_{1'369'353'600'000};  // 2013-05-24T00:00:00Z
  std::shared_ptr<ScriptedTransport> transport_;
  std::unique_ptr<CloudObjectStore> store_;
  std::vector<int64_t> pauses_;
};

TEST_F(CloudStore, APutIsLostOnlyToAnObjectThatCannotBeItsOwn) {
  HttpResponse exists = Answer(412);
  HttpResponse conflict = Answer(409, {}, "<Error><Code>ConditionalRequestConflict</Code></Error>");
  EXPECT_EQ(*Put({Answer(200)}), PutOutcome::kWon);
  EXPECT_EQ(*Put({exists}), PutOutcome::kLost);
  EXPECT_EQ(*Put({kUnsent, exists}), PutOutcome::kLost);
  EXPECT_EQ(*Put({Answer(429), exists}), PutOutcome::kLost);
  EXPECT_EQ(*Put({conflict, exists}), PutOutcome::kLost);
  EXPECT_EQ(*Put({conflict, Answer(200)}), PutOutcome::kWon);
  EXPECT_EQ(*Put({kLost, exists}), PutOutcome::kUnknown);
  EXPECT_EQ(*Put({Answer(500), exists}), PutOutcome::kUnknown);
  EXPECT_EQ(*Put({kLost, Answer(200)}), PutOutcome::kWon);
}

TEST_F(CloudStore, APutWithoutAnyAnswerStaysUnknownAndARefusedOneDidNotHappen) {
  EXPECT_EQ(*Put({kLost, kLost, kLost}), PutOutcome::kUnknown);
  EXPECT_EQ(*Put({Answer(503), Answer(503), Answer(503)}), PutOutcome::kUnknown);
  EXPECT_EQ(*Put({kLost, kUnsent, Answer(403)}), PutOutcome::kUnknown);
  EXPECT_EQ(Put({kUnsent, kUnsent, kUnsent}).error().code, ErrorCode::kIoError);
  EXPECT_EQ(Put({Answer(429), Answer(429), Answer(429)}).error().code, ErrorCode::kIoError);
  EXPECT_EQ(Put({Answer(403)}).error().code, ErrorCode::kPermissionDenied);
}

TEST_F(CloudStore, PausesGrowAreBoundedAndHonourRetryAfter) {
  RetryPolicy policy{.attempts = 6, .first_pause_ms = 100, .longest_pause_ms = 3000};
  std::deque<Result<HttpResponse>> script(4, Answer(503));
  script.push_back(Answer(503, {{"retry-after", "2"}}));
  script.push_back(Answer(200, {}, "x"));
  EXPECT_EQ(*Make(script, policy).Read("s3://bucket/t/x"), "x");
  ASSERT_EQ(pauses_.size(), 5u);
  for (size_t i = 0; i < 4; ++i) {
    int64_t whole = int64_t{100} << i;
    EXPECT_GE(pauses_[i], whole / 2);
    EXPECT_LE(pauses_[i], whole);
  }
  EXPECT_EQ(pauses_[4], 2000);
  EXPECT_TRUE(Make({Answer(503, {{"retry-after", "86400"}}), Answer(200)}, policy).Read("s3://bucket/t/x").ok());
  EXPECT_EQ(pauses_, std::vector<int64_t>{3000});
}

TEST_F(CloudStore, ATornAnswerIsReadAgainAndNeverPassesForTheObject) {
  HttpResponse torn = Answer(200, {{"content-length", "5"}}, "abc");
  HttpResponse whole = Answer(200, {{"content-length", "5"}}, "abcde");
  EXPECT_EQ(*Make({torn, whole}).Read("s3://bucket/t/x"), "abcde");
  EXPECT_EQ(Make({torn, torn, torn}).Read("s3://bucket/t/x").error().code, ErrorCode::kIoError);
  HttpResponse other_range = Answer(206, {{"content-range", "bytes 1-2/9"}}, "bc");
  EXPECT_FALSE(Make({other_range}).ReadRange("s3://bucket/t/x", 0, 2).ok());
  HttpResponse range_ignored = Answer(200, {}, "ab");
  EXPECT_FALSE(Make({range_ignored}).ReadRange("s3://bucket/t/x", 0, 2).ok());
}

TEST_F(CloudStore, OnlyPathsBelowTheRootAreAsked) {
  CloudObjectStore& store = Make({});
  for (const char* path : {"s3://bucket/u/x", "s3://bucket/tx", "s3://bucket", "/t/x"}) {
    EXPECT_EQ(store.Read(path).error().code, ErrorCode::kPermissionDenied) << path;
  }
  for (const char* path : {"s3://bucket/t/../u/x", "s3://bucket/t/./x", "s3://bucket/t//x", "s3://bucket/t/"}) {
    EXPECT_EQ(store.PutOverwrite(path, "x").error().code, ErrorCode::kInvalidParameterValue) << path;
  }
  EXPECT_TRUE(transport_->asked.empty());
}

TEST_F(CloudStore, AListingGoesOverItsPagesAndAMissingBucketIsNotAnEmptyFolder) {
  auto page = [](const std::string& key, const std::string& more) {
    return Answer(200, {}, "<ListBucketResult>" + more + "<Contents><Key>t/" + key +
                               "</Key><LastModified>2013-05-24T00:00:00.250Z</LastModified>"
                               "<Size>3</Size></Contents></ListBucketResult>");
  };
  std::string more = "<IsTruncated>true</IsTruncated><NextContinuationToken>n&amp;1</NextContinuationToken>";
  auto listed = Make({page("1", more), page("2", "")}).ListFrom("s3://bucket/t", "1");
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(*listed, (std::vector<ObjectInfo>{{"1", 3, 1'369'353'600'250}, {"2", 3, 1'369'353'600'250}}));
  EXPECT_EQ(EncodeQuery(transport_->asked[1].query),
            "continuation-token=n%261&delimiter=%2F&list-type=2&prefix=t%2F");
  EXPECT_EQ(Make({Answer(404)}).ListFrom("s3://bucket/t", "").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(Make({Answer(200, {}, "<html>a proxy's page</html>")}).ListFrom("s3://bucket/t", "").ok());
  EXPECT_FALSE(Make({page("1", "<IsTruncated>true</IsTruncated>")}).ListFrom("s3://bucket/t", "").ok());
}

TEST(AzureBlobService, AListingGoesOverItsPages) {
  auto page = [](const std::string& name, const std::string& next) {
    return Answer(200, {}, "<EnumerationResults><Blobs><Blob>" + name +
                               "<Properties><Last-Modified>Sun, 06 Nov 1994 08:49:37 GMT</Last-Modified>"
                               "<Content-Length>3</Content-Length></Properties></Blob>"
                               "<BlobPrefix><Name>t/folder/</Name></BlobPrefix></Blobs><NextMarker>" + next +
                               "</NextMarker></EnumerationResults>");
  };
  auto transport = std::make_shared<ScriptedTransport>(std::deque<Result<HttpResponse>>{
      page("<Name>t/1</Name>", "m!1"), page("<Name Encoded=\"true\">t/2%EF%BF%BE</Name>", "")});
  AzureOptions options{.account = "account", .container = "files", .credential = AzureBearer{"secret"}};
  CloudObjectStore store({"abfss://files@account.dfs.core.windows.net/t", "t"},
                         *MakeAzureBlobService(options, SystemClock()), transport);
  auto listed = store.ListFrom("abfss://files@account.dfs.core.windows.net/t", "1");
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  EXPECT_EQ(*listed, (std::vector<ObjectInfo>{{"1", 3, 784'111'777'000}, {"2\xEF\xBF\xBE", 3, 784'111'777'000}}));
  EXPECT_EQ(EncodeQuery(transport->asked[1].query),
            "comp=list&delimiter=%2F&marker=m%211&prefix=t%2F&restype=container");
  EXPECT_EQ(transport->asked[1].origin, "https://account.blob.core.windows.net");
  EXPECT_EQ(transport->asked[1].headers.at("authorization"), "Bearer secret");
}

TEST_F(CloudStore, AnUploadWhoseLastAnswerIsLostIsFinishedOnlyIfTheObjectIsThere) {
  HttpResponse started = Answer(200, {}, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>");
  HttpResponse part = Answer(200, {{"etag", "\"e\""}});
  auto finish = [&](std::deque<Result<HttpResponse>> answers) {
    std::deque<Result<HttpResponse>> script = {started, part, part};
    script.insert(script.end(), answers.begin(), answers.end());
    auto upload = Make(script).StartUpload("s3://bucket/t/x", 2);
    EXPECT_TRUE((*upload)->Append("abcd").ok());
    Status finished = (*upload)->Finish();
    upload->reset();
    EXPECT_TRUE(transport_->Ended());
    return finished;
  };
  auto head = [](const std::string& size) {
    return Answer(200, {{"content-length", size}, {"last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"}});
  };
  HttpResponse forgotten = Answer(404, {}, "<Error><Code>NoSuchUpload</Code></Error>");
  HttpResponse aborted = Answer(204);
  EXPECT_TRUE(finish({Answer(200)}).ok());
  EXPECT_EQ(transport_->asked[3].body,
            "<?xml version=\"1.0\"?><CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"e\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>\"e\"</ETag></Part></CompleteMultipartUpload>");
  EXPECT_TRUE(finish({kLost, forgotten, head("4")}).ok());
  EXPECT_FALSE(finish({kLost, forgotten, head("3"), aborted}).ok());
  EXPECT_FALSE(finish({kLost, forgotten, Answer(404), aborted}).ok());
  EXPECT_FALSE(finish({forgotten, aborted}).ok());
  EXPECT_FALSE(finish({Answer(200, {}, "<Error><Code>InternalError</Code></Error>"), aborted}).ok());
  EXPECT_EQ(transport_->asked.back().method, "DELETE");
  auto broken = Make({started, Answer(403), aborted}).StartUpload("s3://bucket/t/x", 2);
  EXPECT_FALSE((*broken)->Append("abcd").ok());
  EXPECT_FALSE((*broken)->Append("e").ok());
  EXPECT_FALSE((*broken)->Finish().ok());
}

// The example "GET Object" of AWS's "Authenticating Requests: Using the Authorization Header".
TEST(S3Service, SignsAsTheExampleOfAws) {
  FakeClock clock(1'369'353'600'000);
  S3Options options{.bucket = "examplebucket", .access_key_id = "AKIAIOSFODNN7EXAMPLE",
                    .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  auto service = MakeS3Service(options, clock);
  HttpRequest request = (*service)->ForObject("GET", "test.txt");
  // The example's host names no region.
  request.origin = "https://examplebucket.s3.amazonaws.com";
  request.headers["range"] = "bytes=0-9";
  (*service)->Sign(request);
  EXPECT_EQ(request.headers["authorization"],
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(CloudService, WhatCannotBeABucketOrAKeyIsRefusedAtOnce) {
  const Clock& clock = SystemClock();
  for (const char* bucket : {"", "a/b", "Upper", "x?y"}) {
    EXPECT_FALSE(MakeS3Service({.bucket = bucket, .access_key_id = "a", .secret_access_key = "s"}, clock).ok()) << bucket;
    EXPECT_FALSE(MakeAzureBlobService({.account = "account", .container = bucket, .credential = AzureSas{"sig=x"}}, clock).ok()) << bucket;
  }
  EXPECT_FALSE(MakeS3Service({.bucket = "bucket"}, clock).ok());
  EXPECT_FALSE(MakeS3Service({.bucket = "bucket", .endpoint = "h:1", .access_key_id = "a", .secret_access_key = "s"}, clock).ok());
  EXPECT_FALSE(MakeAzureBlobService({.account = "a.evil", .container = "files", .credential = AzureSas{"sig=x"}}, clock).ok());
  EXPECT_FALSE(MakeAzureBlobService({.account = "account", .container = "files", .credential = AzureSharedKey{"?"}}, clock).ok());
}

TEST(HttpDate, ReadsWhatItWrites) {
  EXPECT_EQ(FormatHttpDate(784'111'777'000), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777'000);
  EXPECT_EQ(FormatBasicDate(1'369'353'600'000), "20130524T000000Z");
  EXPECT_EQ(ParseIsoDate("2013-05-24T00:00:00Z"), 1'369'353'600'000);
  EXPECT_EQ(ParseIsoDate("2013-05-24T00:00:00.007Z"), 1'369'353'600'007);
  for (const char* text : {"", "2013-05-24", "2013-05-24T00:00:00+01:00", "2013-05-24T00:00:00.Zx"}) {
    EXPECT_EQ(ParseIsoDate(text), std::nullopt) << text;
  }
}

// A server of one connection that writes `answer` after the request's head and closes, or stays silent.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof(address);
    CHECK(bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(listen(socket_, 1) == 0);
    CHECK(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    origin_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, answer] { Serve(answer); });
  }
  ~OneAnswer() {
    thread_.join();
    close(socket_);
  }
  const std::string& origin() const { return origin_; }

 private:
  void Serve(const std::string& answer) const {
    int client = accept(socket_, nullptr, nullptr);
    std::string head;
    std::array<char, 4096> bytes{};
    ssize_t count = 0;
    while (head.find("\r\n\r\n") == std::string::npos && (count = read(client, bytes.data(), bytes.size())) > 0) {
      head.append(bytes.data(), static_cast<size_t>(count));
    }
    EXPECT_EQ(write(client, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
    // Silence lasts until the client gives up.
    if (answer.empty()) {
      EXPECT_LE(read(client, bytes.data(), bytes.size()), 0);
    }
    close(client);
  }

  int socket_;
  std::string origin_;
  std::thread thread_;
};

TEST(CurlTransport, TellsAnAnswerCutShortFromARequestThatNeverLeft) {
  auto transport = MakeCurlTransport({.stall_timeout_s = 1});
  std::string unused;
  {
    OneAnswer whole("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
    auto answer = transport->Send({.origin = whole.origin(), .path = "/"});
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, "abc");
    EXPECT_EQ(answer->Header("x-a"), "b");
    unused = whole.origin();
  }
  OneAnswer torn("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(transport->Send({.origin = torn.origin(), .path = "/"}).error().code, ErrorCode::kIoError);
  OneAnswer torn_chunk("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(transport->Send({.origin = torn_chunk.origin(), .path = "/"}).error().code, ErrorCode::kIoError);
  OneAnswer silent("");
  EXPECT_EQ(transport->Send({.origin = silent.origin(), .path = "/"}).error().code, ErrorCode::kIoError);
  EXPECT_EQ(transport->Send({.origin = unused, .path = "/"}).error().code, ErrorCode::kTemporarilyUnavailable);
}

}  // namespace
}  // namespace ashlar::objectstore
