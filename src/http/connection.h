// The inside of Server: one HTTP/1.1 connection as a state machine over Beast. Only server.cc and
// connection.cc see this header.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <map>

#include "base/thread_pool.h"
#include "http/server.h"

namespace ashlar::http {

class Connection {
 public:
  virtual ~Connection() = default;
  // Thread safe, both. Close when no request is being answered, else after it.
  virtual void CloseWhenIdle() = 0;
  virtual void Abort() = 0;
};

// What the connections of one server share. Outlives them: each holds a reference.
struct ServerCore {
  ServerCore(ServerOptions o, std::unique_ptr<Pipeline> p, observe::Registry& metrics);

  ServerOptions options;
  const std::unique_ptr<Pipeline> pipeline;
  boost::asio::io_context io;
  std::optional<boost::asio::ssl::context> tls;
  observe::Gauge& open_connections;
  std::atomic<bool> stopping = false;
  std::atomic<bool> ended = false;  // nothing runs on `io` any more

  // False when there are too many.
  bool Add(const std::shared_ptr<Connection>& connection);
  void Remove(Connection* connection);
  std::vector<std::shared_ptr<Connection>> All();
  // True when all are gone within the time.
  bool WaitUntilNone(int64_t timeout_ms);
  // Runs `task` on the pool; drops it when the pool is gone.
  void Submit(std::function<void()> task);
  // Runs what is queued and ends the pool.
  void JoinPool();

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::map<Connection*, std::weak_ptr<Connection>> connections_;
  std::unique_ptr<ThreadPool> pool_;
};

// Takes the connection over. `encrypted`: a TLS hello comes next.
void StartConnection(const std::shared_ptr<ServerCore>& core, boost::asio::ip::tcp::socket socket,
                     bool encrypted);

}  // namespace ashlar::http
