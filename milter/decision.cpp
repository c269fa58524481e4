#include "milter/decision.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <optional>

#include "core/enum_words.hpp"
#include "core/finding.hpp"
#include "core/postfix_answer.hpp"

namespace mtasts {

namespace json = boost::json;

namespace {

constexpr std::size_t max_text = 300;
constexpr std::string_view ok = "OK ";

std::unexpected<Error> not_mtastsd() {
  return fail(Fault::protocol, "its answer is not one of mtastsd's json map");
}

std::optional<std::string_view> text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  return std::string_view(text->data(), text->size());
}

// The TLS level of an override's answer. No level ("NOTFOUND", or something Postfix would refuse): empty.
std::string level_of(const json::object& answer) {
  const json::value* replies = answer.if_contains("replies");
  const json::object* all = replies == nullptr ? nullptr : replies->if_object();
  auto reply = all == nullptr ? std::nullopt : text_of(*all, "postfix");
  if (!reply || !reply->starts_with(ok)) return {};
  auto checked = check_postfix_answer(reply->substr(ok.size()));
  return checked ? std::string(checked->level) : std::string();
}

// Whether the reason of rule 7 says that the domain was not looked up to the end. Nothing is known about it
// then.
bool is_of_no_lookup(std::string_view reason) noexcept {
  for (StsState state : {StsState::not_asked, StsState::pending, StsState::dns_failed})
    if (reason == reason_without_policy(state)) return true;
  return false;
}

Result<NextHopDecision> read_object(const json::object& answer) {
  auto word = text_of(answer, "decision");
  auto verdict = word ? enum_words<Verdict>.value_of(*word) : std::nullopt;
  auto domain = text_of(answer, "domain"), reason = text_of(answer, "reason"),
       detail = text_of(answer, "detail");
  if (!verdict || !domain || !reason || !detail) return not_mtastsd();
  NextHopDecision decision{*verdict, printable(*domain, max_text), printable(*reason, max_text),
                           printable(*detail, max_text)};
  if (*verdict == Verdict::given) decision.level = level_of(answer);
  decision.not_looked_up = *verdict == Verdict::not_found && is_of_no_lookup(*reason);
  decision.no_host_fits = *verdict == Verdict::secure && *detail == no_host_fits;
  return decision;
}

}  // namespace

Result<NextHopDecision> read_json_reply(std::string_view reply) {
  if (reply.starts_with("TEMP ")) return fail(Fault::timeout, printable(reply.substr(5), max_text));
  if (reply.starts_with("PERM ")) return fail(Fault::config, printable(reply.substr(5), max_text));
  if (!reply.starts_with(ok)) return not_mtastsd();
  boost::system::error_code error;
  json::value value = json::parse(reply.substr(ok.size()), error);
  if (error || !value.is_object()) return not_mtastsd();
  return read_object(value.get_object());
}

Sufficiency sufficiency(const NextHopDecision& decision) noexcept {
  constexpr std::array<std::string_view, 4> verified{"dane-only", "fingerprint", "secure", "verify"};
  switch (decision.verdict) {
    case Verdict::secure:
    case Verdict::dane_only: return Sufficiency::suffices;
    case Verdict::not_found: return decision.not_looked_up ? Sufficiency::unknown : Sufficiency::falls_short;
    case Verdict::dane: return Sufficiency::falls_short;
    case Verdict::given:
      return std::ranges::find(verified, decision.level) != verified.end() ? Sufficiency::suffices
                                                                           : Sufficiency::falls_short;
    case Verdict::temp: return Sufficiency::unknown;
  }
  return Sufficiency::unknown;
}

std::string why(const NextHopDecision& decision) {
  if (decision.detail.empty()) return decision.reason;
  return decision.reason + " (" + decision.detail + ")";
}

}  // namespace mtasts
