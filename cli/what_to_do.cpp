#include "cli/what_to_do.hpp"

#include <fmt/format.h>

#include "cli/words.hpp"
#include "core/finding.hpp"
#include "core/policy_life.hpp"

namespace mtasts {
namespace {

constexpr const char* override_decides = "nothing, as long as the override in mtastsd.toml is wanted";

std::string tell_owner(std::string_view what) { return fmt::format("tell the domain's owner: {}", what); }

// No decision looks at the certificates of the MX hosts.
std::string nothing_here(const Explanation& all) {
  auto domain = all.hop.domain ? all.hop.domain->str() : std::string_view();
  return fmt::format("nothing here; if mail waits all the same, \"mtastsctl {} {}\" examines the {}",
                     all.hop.bracketed ? "smtp" : "check", domain,
                     all.hop.bracketed ? "host" : "domain's MX hosts");
}

std::string mend_policy(const Explanation& all) {
  auto dane = find_dane(view(all.record), all.route());
  std::string host;
  if (dane && dane->hosts.begin() != dane->hosts.end())
    host = fmt::format(", for example \"mx: {}\"", whole((*dane->hosts.begin()).name()));
  return tell_owner(
      fmt::format("the policy must list the MX hosts{}, and then the record needs a new id; "
                  "until then only an override (ignore-sts) lets mail go, unprotected",
                  host));
}

// A lookup of an MX host failed.
std::string mend_host(const Explanation& all) {
  auto detail = all.hosts.empty() ? whole(all.detail) : whole(all.hosts.front().detail);
  return fmt::format("mtastsd asks again; if it stays so while other domains work, {}", tell_owner(detail));
}

bool is_bogus(const Explanation& all) {
  auto dane = find_dane(view(all.record), all.route());
  return dane && dane->trouble == MxTrouble::bogus;
}

std::string while_undecided(const Explanation& all) {
  if (all.reason == postfix_unknown)
    return "find out why Postfix's resolvers do not answer (\"mtastsctl status\"), or set postfix_dane to "
           "\"yes\" or \"no\"";
  if (all.rule == "6" && all.record.policy)
    return tell_owner("no host can match the policy's mx, so nobody can deliver by it");
  if (all.rule == "6") return "mtastsd looks the policy up again; until it is known, mail waits";
  if (all.rule == "3" && is_bogus(all))
    return tell_owner("the domain's DNSSEC is broken, and mail waits until it is mended");
  return mend_host(all);
}

std::string without_policy(const Explanation& all) {
  auto state = state_in_words(all.record.last_lookup.state);
  switch (all.record.last_lookup.state) {
    case StsState::bad_record: return tell_owner(fmt::format("{}, so mail is sent without a policy", state));
    case StsState::dns_failed:
      return fmt::format("mtastsd asks again; if it stays so while other domains work, {}",
                         tell_owner(state));
    case StsState::fetch_failed:
      return fmt::format("mtastsd tries again; if the policies of other domains can be fetched, {}",
                         tell_owner(fmt::format("{}: {}", state, whole(all.record.last_lookup.detail))));
    case StsState::not_asked:
    case StsState::current:
    case StsState::no_record:
    case StsState::pending: break;
  }
  return "nothing: the domain demands no protection of its mail";
}

// The policy in force is the cached one, and the domain's owner has broken what came after it.
bool only_cache_holds(const Explanation& all) {
  StsState state = all.record.last_lookup.state;
  return all.verdict == Verdict::secure &&
         (state == StsState::no_record || state == StsState::bad_record || state == StsState::fetch_failed);
}

std::string mend_before_expiry(const Explanation& all) {
  RecordView record = view(all.record);
  auto end = expires_at(record.policy, record.fetched_at, all.inputs.moment());
  return fmt::format("nothing at once: the cached policy holds until {}; if it stays so, {}",
                     when(end, all.inputs.now), tell_owner(state_in_words(record.state)));
}

std::string about_the_domain(const Explanation& all) {
  if (all.verdict == Verdict::temp) return while_undecided(all);
  if (mail_waits(all)) return mend_policy(all);
  if (all.rule == "4b") return mend_host(all);
  if (only_cache_holds(all)) return mend_before_expiry(all);
  if (all.verdict != Verdict::not_found) return nothing_here(all);
  if (all.rule == "3") return "nothing: the domain takes no mail";
  if (all.inputs.over && all.inputs.over->action == OverrideAction::ignore_sts) return override_decides;
  RecordView record = view(all.record);
  if (policy_in_force(record, all.inputs.moment()))
    return "nothing: the policy does not demand to be enforced";
  return without_policy(all);
}

}  // namespace

std::string what_to_do(const Explanation& all) {
  const ExplainInputs& inputs = all.inputs;
  if (all.rule == "1") return "nothing: mail goes as Postfix's main.cf says";
  if (all.rule == "2") return override_decides;
  if (!inputs.dnssec_known)
    return "check that the network and the resolvers are up, and that port 53 (UDP and TCP) is open";
  if (inputs.rules.dnssec != Dnssec::works)
    return "mend DNSSEC on this host; \"mtastsctl status\" says what is wrong";
  return about_the_domain(all);
}

}  // namespace mtasts
