#include "tests/bench/load_report.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace mtasts::bench {
namespace {

namespace json = boost::json;

double seconds(std::chrono::nanoseconds time) noexcept { return std::chrono::duration<double>(time).count(); }

double per(double amount, double divisor) noexcept { return divisor > 0 ? amount / divisor : 0; }

double requests(const LoadResult& r) noexcept { return static_cast<double>(r.latency.count()); }

double quantile_us(const LoadResult& r, double q) noexcept { return r.latency.quantile(q) / 1000; }

double max_us(const LoadResult& r) noexcept { return static_cast<double>(r.latency.max()) / 1000; }

double server_us(const LoadResult& r) noexcept {
  return per(seconds(r.server_time.value_or(std::chrono::nanoseconds(0))) * 1e6, requests(r));
}

double own_us(const LoadResult& r) noexcept { return per(seconds(r.own_time) * 1e6, requests(r)); }

double mean_bytes(const LoadResult& r) noexcept {
  return per(static_cast<double>(r.reply_bytes), requests(r));
}

std::string_view status_name(std::size_t i) noexcept { return i < statuses.size() ? statuses[i] : "other"; }

std::string status_text(const LoadResult& r) {
  std::string text;
  for (std::size_t i = 0; i < r.status.size(); ++i)
    if (r.status[i] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", r.status[i], status_name(i));
  return text.empty() ? "none" : text;
}

json::object status_object(const LoadResult& r) {
  json::object object;
  for (std::size_t i = 0; i < r.status.size(); ++i) object[status_name(i)] = r.status[i];
  return object;
}

}  // namespace

std::string as_text(const LoadResult& r) {
  std::string text = fmt::format("{} requests in {:.2f} s: {:.0f} a second\n", r.latency.count(),
                                 seconds(r.span), per(requests(r), seconds(r.span)));
  text += fmt::format(
      "latency in us: p50 {:.1f}, p90 {:.1f}, p99 {:.1f}, p99.9 {:.1f}, max {:.1f}, mean {:.1f}\n",
      quantile_us(r, .5), quantile_us(r, .9), quantile_us(r, .99), quantile_us(r, .999), max_us(r),
      r.latency.mean() / 1000);
  text += fmt::format("replies: {}; {:.1f} bytes each\n", status_text(r), mean_bytes(r));
  if (r.server_time) text += fmt::format("server: {:.3f} us of CPU per request\n", server_us(r));
  text += fmt::format("generator: {:.0f} % of a core, {:.3f} us of CPU per request\n",
                      100 * per(seconds(r.own_time), seconds(r.span)), own_us(r));
  text += fmt::format("closed by the server {}, unanswered {}, errors {}{}{}\n", r.closed_by_server,
                      r.unanswered, r.errors, r.first_error.empty() ? "" : ", the first: ", r.first_error);
  return text;
}

std::string as_json(const LoadResult& r) {
  json::object latency{{"p50", quantile_us(r, .5)},  {"p90", quantile_us(r, .9)},
                       {"p99", quantile_us(r, .99)}, {"p999", quantile_us(r, .999)},
                       {"max", max_us(r)},           {"mean", r.latency.mean() / 1000}};
  json::object object{
      {"requests", r.latency.count()},
      {"seconds", seconds(r.span)},
      {"per_second", per(requests(r), seconds(r.span))},
      {"latency_us", std::move(latency)},
      {"status", status_object(r)},
      {"reply_bytes", mean_bytes(r)},
      {"server_cpu_us_per_request", r.server_time ? json::value(server_us(r)) : json::value()},
      {"generator_cpu_share", per(seconds(r.own_time), seconds(r.span))},
      {"generator_cpu_us_per_request", own_us(r)},
      {"closed_by_server", r.closed_by_server},
      {"unanswered", r.unanswered},
      {"errors", r.errors},
      {"first_error", r.first_error}};
  return json::serialize(object);
}

bool all_well(const LoadResult& r) noexcept {
  return r.errors == 0 && r.unanswered == 0 && r.status[statuses.size()] == 0;
}

}  // namespace mtasts::bench
