#include "lookup/trace.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Fetched = std::expected<HttpAnswer, FetchError>;
using std::chrono::steady_clock;

namespace {

std::chrono::milliseconds since(steady_clock::time_point begin) {
  return std::chrono::round<std::chrono::milliseconds>(steady_clock::now() - begin);
}

bool asks(const Step& step, std::string_view name, RrType type) noexcept {
  const auto* dns = std::get_if<DnsStep>(&step);
  return dns != nullptr && dns->type == type && dns->name == name;
}

DnsStep not_in_trace(std::string name, RrType type) {
  DnsStep step;
  step.name = std::move(name);
  step.type = type;
  step.answer.reason = "not in the saved trace";
  return step;
}

}  // namespace

const DnsStep* find_step(const Trace& trace, std::string_view name, RrType type) noexcept {
  for (const Step& step : trace)
    if (asks(step, name, type)) return std::get_if<DnsStep>(&step);
  return nullptr;
}

const HttpsStep* find_https(const Trace& trace) noexcept {
  for (const Step& step : trace)
    if (const auto* https = std::get_if<HttpsStep>(&step)) return https;
  return nullptr;
}

asio::awaitable<DnsAnswer> TracingDns::ask(std::string name, RrType type) {
  std::size_t at = trace_.size();
  DnsStep step;
  step.name = name;
  step.type = type;
  step.answer.reason = "no answer in time";  // until there is one
  trace_.emplace_back(std::move(step));
  auto begin = steady_clock::now();
  DnsAnswer answer = co_await dns_.ask(std::move(name), type);
  auto& noted = std::get<DnsStep>(trace_[at]);
  noted.took = since(begin);
  noted.answer = answer;
  co_return answer;
}

asio::awaitable<Fetched> TracingFetch::get_policy(PolicyRequest request) {
  std::size_t at = trace_.size();
  HttpsStep step{request.domain, Fetched(HttpAnswer{}), {}};
  trace_.emplace_back(std::move(step));
  auto begin = steady_clock::now();
  Fetched answer = co_await fetch_.get_policy(std::move(request));
  auto& noted = std::get<HttpsStep>(trace_[at]);
  noted.took = since(begin);
  noted.answer = answer;
  co_return answer;
}

asio::awaitable<DnsAnswer> ReplayDns::ask(std::string name, RrType type) {
  const DnsStep* last = nullptr;
  used_.resize(trace_.size());
  for (std::size_t at = 0; at < trace_.size(); ++at) {
    if (!asks(trace_[at], name, type)) continue;
    last = std::get_if<DnsStep>(&trace_[at]);
    if (!used_[at]) {
      used_[at] = true;
      break;
    }
  }
  if (last != nullptr) co_return last->answer;
  trace_.emplace_back(not_in_trace(std::move(name), type));
  DnsAnswer answer = std::get<DnsStep>(trace_.back()).answer;
  co_return answer;
}

asio::awaitable<Fetched> ReplayFetch::get_policy(PolicyRequest request) {
  const HttpsStep* step = find_https(trace_);
  if (step != nullptr && step->domain == request.domain) co_return step->answer;
  FetchError error{FetchStep::connect, "not in the saved trace"};
  HttpsStep missing{request.domain, std::unexpected(error), {}};
  trace_.emplace_back(std::move(missing));
  Fetched answer = std::unexpected(error);
  co_return answer;
}

}  // namespace mtasts
