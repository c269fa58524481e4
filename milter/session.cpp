#include "milter/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "core/finding.hpp"
#include "core/mail_address.hpp"
#include "core/text.hpp"
#include "idn/to_a_labels.hpp"

namespace mtasts {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds longest_wait{20};  // for a whole message; Postfix gives up after 30 s (MLT-20)
constexpr milliseconds cached_wait{50};           // mtastsd answers from its cache in much less than one
constexpr std::size_t longest_next_hop = 512;     // octets; a domain name has at most 253
constexpr std::size_t most_next_hops = 20'000;    // kept for one message
constexpr std::size_t most_of_a_path = 320;       // octets kept of a recipient
constexpr std::size_t most_forged = 100;          // Postfix can't delete some thousand fields of one message
constexpr std::size_t most_in_header = 30;        // decisions written into the message

bool is_blank_or_break(char c) noexcept { return is_blank(c) || c == '\r' || c == '\n'; }

std::string_view trim_field(std::string_view value) noexcept {
  while (!value.empty() && is_blank_or_break(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_blank_or_break(value.back())) value.remove_suffix(1);
  return value;
}

// Whether a list has the address. Lists keep domains as A-labels.
bool is_listed(const std::vector<AddressPattern>& list, const MailAddress& address) {
  if (list.empty()) return false;
  MailAddress ascii = address;
  std::optional<std::string> a_labels;
  if (has_u_labels(address.domain)) a_labels = to_a_labels(address.domain);
  if (a_labels) ascii.domain = *a_labels;
  return std::ranges::any_of(list, [&](const AddressPattern& each) { return each.matches(ascii); });
}

bool has_word(const std::vector<std::string>& list, std::string_view word) {
  return std::ranges::any_of(list, [&](const std::string& each) { return each == word; });
}

// The domain to show for a next hop whose policy domain mtastsd did not tell.
std::string domain_of(const std::optional<PolicyAnswer>& answer, std::string_view next_hop) {
  if (answer && *answer && !(*answer)->domain.empty()) return (*answer)->domain;
  return printable(next_hop);
}

std::string reason_for_log(std::string_view domain, std::string_view reason) {
  return std::string(domain).append(": ").append(reason);
}

std::string reason_of(const PolicyAnswer& answer) { return answer ? why(*answer) : answer.error().detail; }

Refusal out_of_resources() {
  return {451, "4.3.0", "this host lacks what checking the message takes; try again later"};
}

// A message without a recipient left has the result of its recipients, else this one.
MessageReport::Result result_of(const MessageReport& report, MessageReport::Result otherwise) noexcept {
  if (report.recipients == 0 || report.refused + report.deferred < report.recipients) return otherwise;
  return report.deferred == 0 ? MessageReport::Result::refused : MessageReport::Result::deferred;
}

}  // namespace

std::string_view words(MessageReport::Result result) noexcept {
  switch (result) {
    case MessageReport::Result::accepted: return "accepted";
    case MessageReport::Result::refused: return "refused";
    case MessageReport::Result::deferred: return "deferred";
    case MessageReport::Result::gone: return "gone";
  }
  return {};
}

// Recipients of one message with the same next hop and the same standing with [milter] recipients.
struct Session::Hop {
  std::optional<PolicyAnswer> answer;  // nullopt: not asked
  bool settled = false;                // answered at RCPT; the end of the message need not ask again
  std::size_t recipients = 0;
  std::vector<std::string> named;  // the first of them, for the reply
};

struct Session::HopKey {
  std::string next_hop;
  bool listed;
  auto operator<=>(const HopKey&) const = default;
};

struct Session::Bound {  // a next hop that a demand is in force for, at the end of the message
  std::string_view next_hop;
  Demand demand;
  Hop& hop;
};

struct Session::Message {
  MessageMarks marks;
  MessageReport report;
  std::set<Demand> demands;
  std::map<HopKey, Hop> hops;
  std::size_t forged = 0;
  // The message has REQUIRETLS, which is switched off. Postfix 3.11 adds Require-TLS-ESMTP to it.
  bool header_of_postfix = false;
  bool too_many = false;         // of the next hops: more than are kept
  bool too_many_listed = false;  // a listed recipient is among the others
  std::chrono::steady_clock::duration waited{};
};

Session::Session(std::shared_ptr<const MilterConfig> config, Asker& asker, Report report)
    : config_(std::move(config)), asker_(asker), report_(std::move(report)) {}

Session::~Session() { abort({}); }

void Session::mail(std::string_view path, std::span<const std::string_view> parameters,
                   const MailMacros& macros) {
  abort({});
  failed_ = false;
  message_ = std::make_unique<Message>();
  Message& message = *message_;
  MailAddress sender = mail_address_of(macros.address.value_or(path));
  bool requiretls =
      std::ranges::any_of(parameters, [](std::string_view each) { return equal_folded(each, "REQUIRETLS"); });
  message.report.sender = without_brackets(path).substr(0, most_of_a_path);
  message.marks.empty_return_path = sender.empty();
  message.marks.requiretls = requiretls && config_->requiretls;
  message.header_of_postfix = requiretls && !config_->requiretls;
  message.marks.listed_sender = is_listed(config_->senders, sender);
  message.marks.listed_user =
      !macros.user.empty() && (has_word(config_->users, macros.user) || has_word(config_->users, "*"));
}

std::optional<Refusal> Session::recipient(std::string_view path, const RecipientMacros& macros) {
  if (!message_) return std::nullopt;
  Message& message = *message_;
  ++message.report.recipients;
  MailAddress address = mail_address_of(macros.address.value_or(path));
  bool by_smtp = macros.next_hop || macros.transport;
  if (macros.transport && has_word(config_->not_smtp, *macros.transport)) return std::nullopt;
  if (!by_smtp && (address.domain.empty() || is_listed(config_->local_domains, address))) return std::nullopt;
  bool has_next_hop = macros.next_hop && !macros.next_hop->empty();
  HopKey key{std::string(has_next_hop ? *macros.next_hop : address.domain),
             is_listed(config_->recipients, address)};
  key.next_hop.resize(std::min(key.next_hop.size(), longest_next_hop));

  if (message.hops.size() >= most_next_hops && !message.hops.contains(key)) {
    message.too_many = true;
    message.too_many_listed = message.too_many_listed || key.listed;
    return std::nullopt;
  }
  Hop& hop = message.hops[key];
  auto demand = demand_in_force(message.marks, key.listed, config_->list_beats_tls_required);
  std::optional<Refusal> refusal;
  if (by_smtp && demand) {
    refusal = judge_recipient(path, key, hop, *demand);
  } else if (hop.recipients == 0) {
    asker_.prefetch(key.next_hop);
  }
  if (!refusal && by_smtp) refusal = check_off_policy(path, key, hop);
  if (refusal) {
    count(*refusal, 1);
    return refusal;
  }
  ++hop.recipients;
  if (hop.named.size() < most_named) hop.named.emplace_back(path.substr(0, most_of_a_path));
  return std::nullopt;
}

std::optional<Refusal> Session::judge_recipient(std::string_view path, const HopKey& key, Hop& hop,
                                                Demand demand) {
  Message& message = *message_;
  message.demands.insert(demand);
  if (!hop.answer) hop.answer = ask({&key.next_hop, 1}).front();
  auto enough = sufficiency_of(*hop.answer);
  hop.settled = true;
  if (enough == Sufficiency::suffices) return std::nullopt;
  bool known = enough == Sufficiency::falls_short;
  std::string domain = domain_of(hop.answer, key.next_hop), reason = reason_of(*hop.answer);
  message.report.reason = reason_for_log(domain, reason);
  if (!known && config_->on_unknown == OnUnknown::accept) {
    ++message.report.unknown;
    return std::nullopt;
  }
  return refuse_recipient(known ? config_->reply : not_known_reply, in_words(demand, message.marks),
                          {path, domain, reason}, known);
}

// An answer that mtastsd does not have yet is not waited for.
std::optional<Refusal> Session::check_off_policy(std::string_view path, const HopKey& key, Hop& hop) {
  if (!config_->warn_off_policy) return std::nullopt;
  if (!hop.answer) {
    auto answer = asker_.ask_cached({&key.next_hop, 1}, cached_wait).front();
    if (sufficiency_of(answer) != Sufficiency::unknown) hop.answer = std::move(answer);
  }
  if (!hop.answer || !*hop.answer || !(*hop.answer)->no_host_fits) return std::nullopt;
  ++message_->report.off_policy;
  const NextHopDecision& decision = **hop.answer;
  message_->report.reason = reason_for_log(decision.domain, why(decision));
  return refuse_off_policy(*config_->warn_off_policy, {path, decision.domain, {}});
}

void Session::header(std::string_view name, std::string_view value) {
  if (!message_) return;
  MessageMarks& marks = message_->marks;
  value = trim_field(value);
  // Postfix takes this value alone, in any case (PFX-37).
  if (equal_folded(name, "TLS-Required") && equal_folded(value, "no"))
    marks.tls_required_no = message_->report.tls_required_no = true;
  if (!config_->add_header.empty() && equal_folded(name, config_->add_header)) ++message_->forged;
  for (const HeaderMatch& each : config_->headers) {
    if (!equal_folded(name, each.name) || !equal_folded(value, each.value)) continue;
    if (equal_folded(each.name, "Require-TLS-ESMTP") && equal_folded(each.value, "yes"))
      marks.requiretls_header = !message_->header_of_postfix;
    else if (marks.own_header.empty())
      marks.own_header = each.name;
  }
}

EndOfMessage Session::end(std::string_view queue_id) {
  if (!message_) return {failed_ ? std::optional(out_of_resources()) : std::nullopt, {}, 0};
  message_->marks.headers_seen = true;
  EndOfMessage end;
  end.refusal = judge_message();
  end.forged = message_->forged;
  if (!end.refusal) {
    end.decisions = decisions();
    finish(queue_id, result_of(message_->report, MessageReport::Result::accepted));
  } else {
    finish(queue_id,
           end.refusal->permanent() ? MessageReport::Result::refused : MessageReport::Result::deferred);
  }
  return end;
}

// What is known to fall short decides, because trying again would not help; else what is not known.
std::optional<Refusal> Session::judge_message() {
  if (failed_) return out_of_resources();
  if (message_->forged > most_forged)
    return refuse_all(
        {550, "5.6.0",
         fmt::format("this message has more than {} fields {}", most_forged, config_->add_header)});
  auto demand = demand_in_force(message_->marks, message_->too_many_listed, config_->list_beats_tls_required);
  if (message_->too_many && demand) {
    message_->demands.insert(*demand);
    return refuse_all(
        {550, "5.5.3", "this message has more next hops than can be checked; send it in parts"});
  }
  std::vector<Bound> bound = bound_hops();
  ask_missing(bound);
  auto refusal = refuse_those(bound, Sufficiency::falls_short);
  return refusal ? refusal : refuse_those(bound, Sufficiency::unknown);
}

Refusal Session::refuse_all(Refusal refusal) {
  MessageReport& report = message_->report;
  count(refusal, report.recipients - report.refused - report.deferred);
  report.reason = refusal.text;
  return refusal;
}

std::vector<Session::Bound> Session::bound_hops() {
  std::vector<Bound> bound;
  for (auto& [key, hop] : message_->hops) {
    auto demand = demand_in_force(message_->marks, key.listed, config_->list_beats_tls_required);
    if (!demand || hop.settled || hop.recipients == 0) continue;
    message_->demands.insert(*demand);
    bound.push_back({key.next_hop, *demand, hop});
  }
  return bound;
}

void Session::ask_missing(std::vector<Bound>& bound) {
  std::vector<std::string> next_hops;
  for (const Bound& each : bound)
    if (!each.hop.answer) next_hops.emplace_back(each.next_hop);
  auto answers = ask(next_hops);
  auto next = answers.begin();
  for (Bound& each : bound)
    if (!each.hop.answer) each.hop.answer = std::move(*next++);
}

std::optional<Refusal> Session::refuse_those(std::span<const Bound> bound, Sufficiency failing) {
  bool known = failing == Sufficiency::falls_short;
  std::deque<std::string> texts;  // what `named` views; a deque does not move them
  std::vector<Failing> named;
  std::optional<Demand> demand;
  std::size_t in_all = 0;
  for (const Bound& each : bound) {
    if (sufficiency_of(*each.hop.answer) != failing) continue;
    demand = demand.value_or(each.demand);
    in_all += each.hop.recipients;
    std::string_view domain = texts.emplace_back(domain_of(each.hop.answer, each.next_hop));
    std::string_view reason = texts.emplace_back(reason_of(*each.hop.answer));
    for (const std::string& recipient : each.hop.named)
      if (named.size() < most_named) named.push_back({recipient, domain, reason});
    if (in_all == each.hop.recipients) message_->report.reason = reason_for_log(domain, reason);
  }
  if (!demand) return std::nullopt;
  if (!known && config_->on_unknown == OnUnknown::accept) {
    message_->report.unknown += in_all;
    return std::nullopt;
  }
  Refusal refusal = refuse_message(known ? config_->reply : not_known_reply,
                                   in_words(*demand, message_->marks), named, in_all, known);
  count(refusal, in_all);
  return refusal;
}

// A line for each recipient domain: "good.example=secure".
std::string Session::decisions() {
  if (config_->add_header.empty()) return {};
  std::vector<std::string> next_hops;
  for (const auto& [key, hop] : message_->hops)
    if (hop.recipients > 0 && !hop.answer && next_hops.size() < most_in_header)
      next_hops.push_back(key.next_hop);
  auto answers = asker_.ask_cached(next_hops, cached_wait);
  auto next = answers.begin();
  std::map<std::string, std::string_view> by_domain;
  for (auto& [key, hop] : message_->hops) {
    if (hop.recipients == 0 || by_domain.size() == most_in_header) continue;
    if (!hop.answer && next != answers.end()) hop.answer = std::move(*next++);
    bool known = hop.answer && *hop.answer;
    by_domain.emplace(domain_of(hop.answer, key.next_hop), known ? words((*hop.answer)->verdict) : "unknown");
  }
  std::string text;
  for (const auto& [domain, decision] : by_domain)
    text.append(text.empty() ? "" : ";\n\t").append(domain).append("=").append(decision);
  return text;
}

std::vector<PolicyAnswer> Session::ask(std::span<const std::string> next_hops) {
  if (next_hops.empty()) return {};
  auto begin = Clock::now();
  auto left = std::max(longest_wait - message_->waited, Clock::duration::zero());
  auto all = std::chrono::floor<milliseconds>(left);
  auto answers = asker_.ask(next_hops, std::min(config_->wait, all), all);
  message_->waited += Clock::now() - begin;
  return answers;
}

void Session::count(const Refusal& refusal, std::size_t recipients) {
  (refusal.permanent() ? message_->report.refused : message_->report.deferred) += recipients;
}

void Session::abort(std::string_view queue_id) {
  if (message_) finish(queue_id, result_of(message_->report, MessageReport::Result::gone));
}

void Session::finish(std::string_view queue_id, MessageReport::Result result) {
  MessageReport report = std::move(message_->report);
  for (Demand demand : message_->demands)
    report.demand.append(report.demand.empty() ? "" : ",").append(in_words(demand, message_->marks));
  report.queue_id = queue_id;
  report.result = result;
  message_.reset();
  try {
    report_(report);
  } catch (const std::exception&) {  // a line of the log is lost; the answer must not change
  }
}

void Session::note_failure() noexcept { failed_ = true; }

bool Session::may_have_demand() const noexcept {
  return message_ && demand_in_force(message_->marks, !config_->recipients.empty(), true).has_value();
}

}  // namespace mtasts
