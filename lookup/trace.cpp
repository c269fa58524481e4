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

constexpr std::string_view missing = "not in the saved trace";

// Nothing is known about the name: the time that is over is ours, and so is the trace.
DnsStep failed_step(std::string name, RrType type, std::string_view why) {
  DnsStep step;
  step.name = std::move(name);
  step.type = type;
  step.answer.reason = why;
  step.answer.local = true;
  return step;
}

SmtpDialogue no_dialogue(std::string_view why) {
  SmtpDialogue dialogue;
  dialogue.trouble = SmtpTrouble::local;
  dialogue.detail = why;
  return dialogue;
}

// What a policy host's step says until there is an answer.
PolicyHostAnswer not_yet() {
  PolicyHostAnswer answer;
  answer.answer = std::unexpected(FetchError{FetchStep::deadline, std::string(no_answer_in_time)});
  answer.timed_out = true;
  return answer;
}

}  // namespace

FetchError not_fetched_yet() {
  return {.step = FetchStep::deadline, .detail = std::string(no_answer_in_time), .local = true};
}

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

const SmtpStep* find_smtp(const Trace& trace, const SmtpRequest& request) noexcept {
  for (const Step& step : trace) {
    const auto* smtp = std::get_if<SmtpStep>(&step);
    if (smtp != nullptr && smtp->request == request) return smtp;
  }
  return nullptr;
}

const PolicyHostStep* find_policy_host(const Trace& trace, const DomainName& domain,
                                       const Address& address) noexcept {
  for (const Step& step : trace) {
    const auto* host = std::get_if<PolicyHostStep>(&step);
    if (host != nullptr && host->domain == domain && host->address == address) return host;
  }
  return nullptr;
}

const NameServerStep* find_name_server(const Trace& trace, const Address& server, std::string_view name,
                                       RrType type) noexcept {
  for (const Step& step : trace) {
    const auto* at = std::get_if<NameServerStep>(&step);
    if (at != nullptr && at->server == server && at->asked.type == type && at->asked.name == name) return at;
  }
  return nullptr;
}

const PolicyPlaceStep* find_place(const Trace& trace, const DomainName& domain, PolicyPlace place) noexcept {
  for (const Step& step : trace) {
    const auto* at = std::get_if<PolicyPlaceStep>(&step);
    if (at != nullptr && at->domain == domain && at->place == place) return at;
  }
  return nullptr;
}

asio::awaitable<DnsAnswer> TracingDns::ask(std::string name, RrType type) {
  std::size_t at = trace_.size();
  trace_.emplace_back(failed_step(name, type, no_answer_in_time));  // until there is an answer
  auto begin = steady_clock::now();
  DnsAnswer answer = co_await dns_.ask(std::move(name), type);
  auto& noted = std::get<DnsStep>(trace_[at]);
  noted.took = since(begin);
  noted.answer = answer;
  co_return answer;
}

asio::awaitable<Fetched> TracingFetch::get_policy(PolicyRequest request) {
  std::size_t at = trace_.size();
  HttpsStep step{request.domain, std::unexpected(not_fetched_yet()), {}};  // until there is an answer
  trace_.emplace_back(std::move(step));
  auto begin = steady_clock::now();
  Fetched answer = co_await fetch_.get_policy(std::move(request));
  auto& noted = std::get<HttpsStep>(trace_[at]);
  noted.took = since(begin);
  noted.answer = answer;
  co_return answer;
}

asio::awaitable<PolicyHostAnswer> TracingFetch::get_policy_at(PolicyRequest request, Address address) {
  std::size_t at = trace_.size();
  trace_.emplace_back(PolicyHostStep{request.domain, address, not_yet(), {}});
  auto begin = steady_clock::now();
  PolicyHostAnswer answer = co_await fetch_.get_policy_at(std::move(request), address);
  auto& noted = std::get<PolicyHostStep>(trace_[at]);
  noted.took = since(begin);
  noted.answer = answer;
  co_return answer;
}

asio::awaitable<PlaceFound> TracingFetch::look_at(PolicyRequest request, PolicyPlace place) {
  std::size_t at = trace_.size();
  trace_.emplace_back(PolicyPlaceStep{request.domain, place});
  auto begin = steady_clock::now();
  PlaceFound found = co_await fetch_.look_at(std::move(request), place);
  auto& noted = std::get<PolicyPlaceStep>(trace_[at]);
  noted.took = since(begin);
  noted.found = found;
  co_return found;
}

asio::awaitable<DnsAnswer> TracingNameServers::ask_at(Address server, std::string name, RrType type) {
  std::size_t at = trace_.size();
  trace_.emplace_back(NameServerStep{server, failed_step(name, type, no_answer_in_time)});
  auto begin = steady_clock::now();
  DnsAnswer answer = co_await servers_.ask_at(server, std::move(name), type);
  DnsStep& noted = std::get<NameServerStep>(trace_[at]).asked;
  noted.took = since(begin);
  noted.answer = answer;
  co_return answer;
}

asio::awaitable<SmtpDialogue> TracingSmtp::talk(SmtpRequest request) {
  std::size_t at = trace_.size();
  trace_.emplace_back(SmtpStep{request, no_dialogue(no_answer_in_time), {}});
  auto begin = steady_clock::now();
  SmtpDialogue dialogue = co_await smtp_.talk(std::move(request));
  auto& noted = std::get<SmtpStep>(trace_[at]);
  noted.took = since(begin);
  noted.dialogue = dialogue;
  co_return dialogue;
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
  trace_.emplace_back(failed_step(std::move(name), type, missing));
  DnsAnswer answer = std::get<DnsStep>(trace_.back()).answer;
  co_return answer;
}

asio::awaitable<Fetched> ReplayFetch::get_policy(PolicyRequest request) {
  const HttpsStep* step = find_https(trace_);
  if (step != nullptr && step->domain == request.domain) co_return step->answer;
  FetchError error{FetchStep::connect, std::string(missing)};
  HttpsStep added{request.domain, std::unexpected(error), {}};
  trace_.emplace_back(std::move(added));
  Fetched answer = std::unexpected(error);
  co_return answer;
}

asio::awaitable<PolicyHostAnswer> ReplayFetch::get_policy_at(PolicyRequest request, Address address) {
  const PolicyHostStep* step = find_policy_host(trace_, request.domain, address);
  if (step != nullptr) co_return step->answer;
  PolicyHostAnswer answer = not_asked(FetchStep::connect, std::string(missing));
  trace_.emplace_back(PolicyHostStep{request.domain, address, answer, {}});
  co_return answer;
}

asio::awaitable<PlaceFound> ReplayFetch::look_at(PolicyRequest request, PolicyPlace place) {
  const PolicyPlaceStep* step = find_place(trace_, request.domain, place);
  if (step != nullptr) co_return step->found;
  trace_.emplace_back(PolicyPlaceStep{request.domain, place});
  co_return PlaceFound::not_asked;
}

asio::awaitable<DnsAnswer> ReplayNameServers::ask_at(Address server, std::string name, RrType type) {
  const NameServerStep* step = find_name_server(trace_, server, name, type);
  if (step != nullptr) co_return step->asked.answer;
  NameServerStep added{server, failed_step(std::move(name), type, missing)};
  trace_.emplace_back(added);
  co_return added.asked.answer;
}

asio::awaitable<SmtpDialogue> ReplaySmtp::talk(SmtpRequest request) {
  const SmtpStep* step = find_smtp(trace_, request);
  if (step != nullptr) co_return step->dialogue;
  SmtpDialogue dialogue = no_dialogue(missing);
  trace_.emplace_back(SmtpStep{std::move(request), dialogue, {}});
  co_return dialogue;
}

}  // namespace mtasts
