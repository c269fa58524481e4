#include "diagnose/hurried_ports.hpp"

#include <string>
#include <utility>

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Whether a question that began then has failed only because the time here was over.
bool gave_up_early(steady_clock::time_point begin, const WaitingTime& time) noexcept {
  return time.here < time.senders && steady_clock::now() - begin >= time.here;
}

std::string seconds(milliseconds time) {
  auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

std::string words_of(const WaitingTime& time) {
  return "no answer within " + seconds(time.here) + " here; senders wait longer";
}

void mark(FetchError& error, steady_clock::time_point begin, const WaitingTime& time) {
  if (error.local || error.step == FetchStep::connect || !gave_up_early(begin, time)) return;
  error.local = true;
  error.detail = words_of(time);
}

}  // namespace

asio::awaitable<DnsAnswer> HurriedDns::ask(std::string name, RrType type) {
  auto begin = steady_clock::now();
  DnsAnswer answer = co_await dns_.ask(std::move(name), type);
  bool failed = answer.kind == DnsAnswer::Kind::failed && answer.security != DnsAnswer::Security::bogus;
  if (failed && !answer.local && gave_up_early(begin, time_)) {
    answer.local = true;
    answer.reason = words_of(time_);
  }
  co_return answer;
}

asio::awaitable<std::expected<HttpAnswer, FetchError>> HurriedFetch::get_policy(PolicyRequest request) {
  auto begin = steady_clock::now();
  auto answer = co_await fetch_.get_policy(std::move(request));
  if (!answer) mark(answer.error(), begin, time_);
  co_return answer;
}

asio::awaitable<PolicyHostAnswer> HurriedFetch::get_policy_at(PolicyRequest request, Address address) {
  auto begin = steady_clock::now();
  PolicyHostAnswer answer = co_await fetch_.get_policy_at(std::move(request), address);
  if (!answer.answer && answer.timed_out) mark(answer.answer.error(), begin, time_);
  co_return answer;
}

}  // namespace mtasts
