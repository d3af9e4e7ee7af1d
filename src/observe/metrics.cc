#include "observe/metrics.h"

#include <array>
#include <charconv>

#include "base/check.h"

namespace ashlar::observe {
namespace {

std::string NumberText(double value) {
  std::array<char, 64> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end);
}

// Label values escape backslash, quote and line feed.
std::string Escaped(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

// {a="1",b="2"}, or nothing when there is no label.
std::string LabelText(const Labels& labels, std::string_view bound = {}) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += out.empty() ? "{" : ",";
    out += name + "=\"" + Escaped(value) + "\"";
  }
  if (!bound.empty()) {
    out += out.empty() ? "{" : ",";
    out += "le=\"" + std::string(bound) + "\"";
  }
  if (!out.empty()) out += "}";
  return out;
}

void ExposeHistogram(const std::string& name, const Labels& labels, const Histogram& histogram,
                     std::string& out) {
  uint64_t total = 0;
  std::vector<uint64_t> counts = histogram.Counts();
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    std::string bound = i < histogram.bounds().size() ? NumberText(histogram.bounds()[i]) : "+Inf";
    out += name + "_bucket" + LabelText(labels, bound) + " " + std::to_string(total) + "\n";
  }
  out += name + "_sum" + LabelText(labels) + " " + NumberText(histogram.sum()) + "\n";
  out += name + "_count" + LabelText(labels) + " " + std::to_string(total) + "\n";
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {
  CHECK(std::is_sorted(bounds_.begin(), bounds_.end()));
}

void Histogram::Observe(double value) {
  size_t i = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[i].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<uint64_t> Histogram::Counts() const {
  std::vector<uint64_t> out;
  for (const auto& count : counts_) out.push_back(count.load(std::memory_order_relaxed));
  return out;
}

std::vector<double> LatencyBounds() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

struct Registry::Family {
  std::string help;
  std::string type;
  std::map<Labels, std::unique_ptr<Counter>> counters;
  std::map<Labels, std::unique_ptr<Gauge>> gauges;
  std::map<Labels, std::unique_ptr<Histogram>> histograms;
};

Registry::Registry() = default;
Registry::~Registry() = default;

Registry::Family& Registry::FindOrAdd(std::string_view name, std::string_view help,
                                      std::string_view type) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    auto family = std::make_unique<Family>();
    family->help = help;
    family->type = type;
    found = families_.emplace(std::string(name), std::move(family)).first;
  }
  CHECK(found->second->type == type) << "metric " << name << " is a " << found->second->type;
  return *found->second;
}

Counter& Registry::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  std::lock_guard lock(mutex_);
  auto& slot = FindOrAdd(name, help, "counter").counters[labels];
  if (!slot) slot = std::make_unique<Counter>();
  return *slot;
}

Gauge& Registry::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  std::lock_guard lock(mutex_);
  auto& slot = FindOrAdd(name, help, "gauge").gauges[labels];
  if (!slot) slot = std::make_unique<Gauge>();
  return *slot;
}

Histogram& Registry::AddHistogram(std::string_view name, std::string_view help,
                                  const std::vector<double>& bounds, const Labels& labels) {
  std::lock_guard lock(mutex_);
  auto& slot = FindOrAdd(name, help, "histogram").histograms[labels];
  if (!slot) slot = std::make_unique<Histogram>(bounds);
  return *slot;
}

std::string Registry::Expose() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += "# HELP " + name + " " + family->help + "\n# TYPE " + name + " " + family->type + "\n";
    for (const auto& [labels, counter] : family->counters) {
      out += name + LabelText(labels) + " " + std::to_string(counter->value()) + "\n";
    }
    for (const auto& [labels, gauge] : family->gauges) {
      out += name + LabelText(labels) + " " + std::to_string(gauge->value()) + "\n";
    }
    for (const auto& [labels, histogram] : family->histograms) {
      ExposeHistogram(name, labels, *histogram, out);
    }
  }
  return out;
}

}  // namespace ashlar::observe
