// Counters, gauges and histograms, and their Prometheus text (exposition format 0.0.4).
//
//   Counter& requests = registry.AddCounter("ashlar_http_requests_total", "Requests answered.",
//                                           {{"status", "200"}});
//   requests.Add(1);
//
// A registry owns its metrics; the references it gives stay valid as long as it lives. Asking for the
// same name and labels again gives the same metric. All operations are thread safe; Add, Set and
// Observe are lock free.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::observe {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void Add(uint64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void Add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  void Set(int64_t n) { value_.store(n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Counts of values by upper bound. Bounds ascend; a last one of +Inf is implied.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  void Observe(double value);
  const std::vector<double>& bounds() const { return bounds_; }
  // One count per bound and one for the rest; not cumulative.
  std::vector<uint64_t> Counts() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

// Seconds from half a millisecond to a minute: what requests and statements take.
std::vector<double> LatencyBounds();

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // `help` and `bounds` of the first call for a name stand. One name has one kind of metric.
  Counter& AddCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& AddGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& AddHistogram(std::string_view name, std::string_view help,
                          const std::vector<double>& bounds, const Labels& labels = {});

  // The text of all metrics, families by name, then by labels.
  std::string Expose() const;

 private:
  struct Family;
  Family& FindOrAdd(std::string_view name, std::string_view help, std::string_view type);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
};

}  // namespace ashlar::observe
