// Input: what an MTA reports, as steps of an octet for the kind and texts that end in a line feed; the first
// octet sets the configuration. Properties: any order of steps and any bytes are handled; replies are proper
// SMTP replies; mail from sendmail(1) is never refused at RCPT; without a demand nothing is refused; each
// message is reported once.

#include <algorithm>
#include <memory>
#include <vector>

#include "core/text.hpp"
#include "milter/session.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

// Answers by the last octet of the next hop.
class ByName final : public Asker {
 public:
  void prefetch(std::string_view) override {}
  std::vector<PolicyAnswer> ask(std::span<const std::string> hops, std::chrono::milliseconds each,
                                std::chrono::milliseconds all) override {
    require(each <= all && all <= std::chrono::seconds(20), "a message never waits longer than 20 s");
    return ask_cached(hops, all);
  }
  std::vector<PolicyAnswer> ask_cached(std::span<const std::string> hops,
                                       std::chrono::milliseconds) override {
    std::vector<PolicyAnswer> answers;
    for (const std::string& hop : hops) answers.push_back(of(hop));
    return answers;
  }

 private:
  static PolicyAnswer of(const std::string& hop) {
    unsigned kind = hop.empty() ? 0 : static_cast<unsigned char>(hop.back()) % 8;
    if (kind == 7) return fail(Fault::timeout, "no answer in time");
    NextHopDecision decision{static_cast<Verdict>(kind % 6), "a.example", "reason"};
    decision.no_host_fits = kind == 6;
    if (decision.verdict == Verdict::given) decision.level = "encrypt";
    if (kind == 6) decision.verdict = Verdict::secure;
    return decision;
  }
};

std::shared_ptr<const MilterConfig> config_of(unsigned bits) {
  auto config = std::make_shared<MilterConfig>();
  AddressPattern listed{AddressPattern::Kind::domain, {}, "listed.example"};
  config->requiretls = (bits & 1) == 0;
  if ((bits & 2) != 0) config->headers.push_back({"X-Secure", "yes"});
  if ((bits & 4) != 0) config->senders = config->recipients = {listed};
  if ((bits & 8) != 0) config->users = {"alice"};
  config->list_beats_tls_required = (bits & 16) == 0;
  if ((bits & 32) != 0) config->on_unknown = OnUnknown::accept;
  if ((bits & 64) != 0) config->warn_off_policy = ReplyCode{450, "4.7.5"};
  if ((bits & 128) != 0) config->add_header = "X-Decision";
  return config;
}

void check(const Refusal& refusal) {
  require(refusal.code >= 400 && refusal.code < 600 && refusal.code != 421, "a code that milters may send");
  require(refusal.status.front() == static_cast<char>('0' + refusal.code / 100),
          "a status of the same class");
  std::string text = for_libmilter(refusal.text);
  require(!text.empty() && text.size() <= 980 && std::ranges::all_of(text, is_printable),
          "one printable line");
}

struct Driver {
  ByName asker;
  std::size_t begun = 0, reported = 0;
  bool may_demand = false;  // something in this message could be a demand
  bool off_policy;
  Session session;

  explicit Driver(const std::shared_ptr<const MilterConfig>& config)
      : off_policy(config->warn_off_policy.has_value()),
        session(config, asker, [this](const MessageReport& report) {
          ++reported;
          require(report.refused + report.deferred <= report.recipients, "no recipient is counted twice");
        }) {}

  void step(char kind, std::string_view one, std::string_view two) {
    switch (kind & 7) {
      case 0: return mail(one, two);
      case 1: return recipient(one, two, "smtp");
      case 2: return recipient(one, std::nullopt, std::nullopt);
      case 3: return recipient(one, one, two);
      case 4: may_demand = true; return session.header(one, two);
      case 5: return end();
      case 6: return session.abort(one);
      default: return session.note_failure(), void(may_demand = true);
    }
  }

  void mail(std::string_view path, std::string_view parameter) {
    ++begun;
    may_demand = !parameter.empty() || path.size() >= 14;  // "listed.example" in any spelling
    std::vector<std::string_view> parameters{parameter};
    session.mail(path, parameters, {parameter});
  }

  void recipient(std::string_view path, std::optional<std::string_view> hop,
                 std::optional<std::string_view> transport) {
    may_demand = may_demand || path.size() >= 14;
    auto refusal = session.recipient(path, {hop, transport});
    if (!refusal) return;
    require(hop.has_value(), "mail from sendmail(1) is not refused at RCPT");
    require(may_demand || off_policy, "refused only for a reason");
    check(*refusal);
  }

  void end() {
    EndOfMessage end = session.end("4ABC");
    require(!session.in_message(), "the message is over");
    for (char c : end.decisions) require(is_printable(c) || c == '\n' || c == '\t', "a clean header");
    if (!end.refusal) return;
    require(may_demand, "refused only with a demand");
    check(*end.refusal);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  if (input.empty()) return 0;
  Driver driver(config_of(static_cast<unsigned char>(input.front())));
  input.remove_prefix(1);
  while (!input.empty()) {
    char kind = input.front();
    input.remove_prefix(1);
    auto one = fuzz::take_until(input, '\n');
    driver.step(kind, one, fuzz::take_until(input, '\n'));
  }
  driver.session.abort("");
  require(driver.begun == driver.reported, "each message is reported once");
  return 0;
}
