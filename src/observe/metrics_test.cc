#include "observe/metrics.h"

#include <gtest/gtest.h>

namespace ashlar::observe {
namespace {

TEST(Metrics, ExposeIsPrometheusText) {
  Registry registry;
  registry.AddCounter("requests_total", "Requests answered.", {{"status", "200"}}).Add(2);
  registry.AddCounter("requests_total", "Requests answered.", {{"status", "4\"0\\4\n"}}).Add(1);
  registry.AddGauge("connections", "Open connections.").Set(-3);
  EXPECT_EQ(registry.Expose(),
            "# HELP connections Open connections.\n"
            "# TYPE connections gauge\n"
            "connections -3\n"
            "# HELP requests_total Requests answered.\n"
            "# TYPE requests_total counter\n"
            "requests_total{status=\"200\"} 2\n"
            "requests_total{status=\"4\\\"0\\\\4\\n\"} 1\n");
}

TEST(Metrics, HistogramBucketsAreCumulativeAndBoundsInclusive) {
  Registry registry;
  Histogram& seconds = registry.AddHistogram("seconds", "Time.", {0.5, 1}, {{"op", "x"}});
  for (double value : {0.25, 0.5, 0.75, 8.0}) seconds.Observe(value);
  EXPECT_EQ(registry.Expose(),
            "# HELP seconds Time.\n"
            "# TYPE seconds histogram\n"
            "seconds_bucket{op=\"x\",le=\"0.5\"} 2\n"
            "seconds_bucket{op=\"x\",le=\"1\"} 3\n"
            "seconds_bucket{op=\"x\",le=\"+Inf\"} 4\n"
            "seconds_sum{op=\"x\"} 9.5\n"
            "seconds_count{op=\"x\"} 4\n");
}

TEST(Metrics, SameNameAndLabelsGiveTheSameMetric) {
  Registry registry;
  EXPECT_EQ(&registry.AddGauge("g", "x"), &registry.AddGauge("g", "y"));
  EXPECT_NE(&registry.AddGauge("g", "x"), &registry.AddGauge("g", "x", {{"a", "b"}}));
}

TEST(MetricsDeathTest, OneNameHasOneKind) {
  Registry registry;
  registry.AddGauge("g", "x");
  EXPECT_DEATH(registry.AddCounter("g", "x"), "metric g is a gauge");
}

}  // namespace
}  // namespace ashlar::observe
