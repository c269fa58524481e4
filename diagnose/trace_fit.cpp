#include "diagnose/trace_fit.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::string_view left_out = "left out of the saved trace, which would have been too large";
// An answer is left out only if it is larger in the file than what stands there instead.
constexpr std::size_t worth_leaving_out = 400;

// The octets that the text has in a file, or somewhat more.
std::size_t size_in_file(std::string_view text) noexcept {
  std::size_t size = 0;
  for (char c : text) size += !is_printable(c) ? 6 : c == '"' || c == '\\' ? 2 : 1;
  return size;
}

// The longest beginning of the text that has at most so many octets in a file.
std::string_view beginning(std::string_view text, std::size_t most) noexcept {
  std::size_t end = 0, size = 0;
  while (end < text.size() && (size += size_in_file(text.substr(end, 1))) <= most) ++end;
  return text.substr(0, end);
}

void shorten(SmtpReply& reply, std::size_t most) {
  constexpr std::size_t around = 3;  // quotation marks and a comma
  std::size_t size = 0;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    std::string& line = reply.lines[i];
    size += size_in_file(line) + around;
    if (size <= most) continue;
    std::size_t before = size - size_in_file(line) - around;
    line = beginning(line, before + around < most ? most - before - around : 0);
    reply.lines.resize(line.empty() ? i : i + 1);
    reply.cut = true;
    return;
  }
}

// The replies of a dialogue, which may be const.
auto replies_of(auto& dialogue) noexcept {
  return std::array{&dialogue.greeting, &dialogue.ehlo, &dialogue.starttls, &dialogue.ehlo_in_tls,
                    &dialogue.helo};
}

void shorten_replies(Trace& trace, std::size_t most) {
  for (Step& step : trace) {
    auto* smtp = std::get_if<SmtpStep>(&step);
    if (smtp == nullptr) continue;
    for (SmtpReply* reply : replies_of(smtp->dialogue)) shorten(*reply, most);
  }
}

// A chain of a trace.
struct Chain {
  std::vector<std::string>* certificates;
  bool* cut;
};

std::vector<Chain> chains_of(Trace& trace) {
  std::vector<Chain> chains;
  for (Step& step : trace) {
    if (auto* smtp = std::get_if<SmtpStep>(&step); smtp != nullptr && smtp->dialogue.tls)
      chains.push_back({&smtp->dialogue.tls->chain, &smtp->dialogue.tls->chain_cut});
    if (auto* host = std::get_if<PolicyHostStep>(&step); host != nullptr)
      chains.push_back({&host->answer.seen.chain, &host->answer.seen.chain_cut});
  }
  return chains;
}

// Among equals, the first by octets: equal traces are shortened equally.
struct LargestFirst {
  bool operator()(const std::string& a, const std::string& b) const noexcept {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  }
};

// Cuts chains where they have a certificate at a position that counts (0: any, 1: behind the leaf), until so
// many octets are saved.
void drop_certificates(Trace& trace, std::size_t first, std::size_t excess) {
  std::vector<Chain> chains = chains_of(trace);
  std::set<std::string, LargestFirst> candidates;
  for (const Chain& chain : chains)
    for (std::size_t i = first; i < chain.certificates->size(); ++i)
      candidates.insert((*chain.certificates)[i]);
  std::size_t saved = 0;
  for (const std::string& certificate : candidates) {
    if (saved >= excess) return;
    for (const Chain& chain : chains) {
      if (chain.certificates->size() <= first) continue;
      auto begin = chain.certificates->begin() + static_cast<std::ptrdiff_t>(first);
      auto at = std::find(begin, chain.certificates->end(), certificate);
      if (at == chain.certificates->end()) continue;
      chain.certificates->erase(at, chain.certificates->end());
      *chain.cut = true;
    }
    saved += 2 * certificate.size();
  }
}

// The octets that these have in a file, or somewhat more; `around` is what stands around them: names of
// members, numbers, flags.
std::size_t size_of(const std::vector<std::string>& rdata) noexcept {
  std::size_t size = 0;
  for (const std::string& each : rdata) size += 2 * each.size() + 3;
  return size;
}

std::size_t size_of(const DnsAnswer& answer) noexcept {
  return size_in_file(answer.canonical) + size_in_file(answer.reason) + size_of(answer.rdata);
}

std::size_t size_of(const DnsStep& step) noexcept {
  constexpr std::size_t around = 300;
  return around + size_in_file(step.name) + size_of(step.answer);
}

std::size_t size_of(const std::expected<HttpAnswer, FetchError>& answer) noexcept {
  constexpr std::size_t around = 100;
  if (!answer) return around + size_in_file(answer.error().detail);
  return around + 2 * answer->body.size() + size_in_file(answer->content_type);
}

std::size_t size_of(const HttpsStep& step) noexcept {
  constexpr std::size_t around = 100;
  return around + step.domain.str().size() + size_of(step.answer);
}

// Without the certificates themselves.
std::size_t size_of_chain(const auto& facts) noexcept {
  constexpr std::size_t around = 150, number = 6;
  return around + number * facts.chain.size() + size_in_file(facts.untrusted_words);
}

std::size_t size_of(const SmtpReply& reply) noexcept {
  std::size_t size = 0;
  for (const std::string& line : reply.lines) size += size_in_file(line) + 3;
  return size;
}

std::size_t size_of(const SmtpStep& step) noexcept {
  constexpr std::size_t around = 550;
  const SmtpDialogue& dialogue = step.dialogue;
  std::size_t size = around + size_in_file(step.request.host) + size_in_file(dialogue.detail);
  for (const SmtpReply* reply : replies_of(dialogue)) size += size_of(*reply);
  if (!dialogue.tls) return size;
  return size + around + size_in_file(dialogue.tls->version) + size_in_file(dialogue.tls->cipher) +
         size_of_chain(*dialogue.tls);
}

std::size_t size_of(const PolicyHostStep& step) noexcept {
  constexpr std::size_t around = 400;
  const PolicyHostSeen& seen = step.answer.seen;
  return around + step.domain.str().size() + size_of(step.answer.answer) + size_in_file(seen.location) +
         size_in_file(seen.content_encoding) + size_of_chain(seen);
}

std::size_t size_of(const NameServerStep& step) noexcept { return 100 + size_of(step.asked); }

std::size_t size_of(const PolicyPlaceStep& step) noexcept { return 150 + step.domain.str().size(); }

std::size_t size_of(Trace& trace) {
  std::set<std::string_view> certificates;
  for (const Chain& chain : chains_of(trace))
    certificates.insert(chain.certificates->begin(), chain.certificates->end());
  std::size_t size = 0;
  for (std::string_view certificate : certificates) size += 2 * certificate.size() + 3;
  for (const Step& step : trace) size += std::visit([](const auto& each) { return size_of(each); }, step);
  return size;
}

void leave_out(PolicyHostStep& step) {
  step.answer.answer = std::unexpected(FetchError{FetchStep::response, std::string(left_out), false, true});
}

void leave_out(DnsStep& step) {
  step.answer = {};
  step.answer.reason = left_out;
  step.answer.local = true;
}

void leave_out(NameServerStep& step) { leave_out(step.asked); }

const auto& answer_of(const PolicyHostStep& step) noexcept { return step.answer.answer; }
const auto& answer_of(const DnsStep& step) noexcept { return step.answer; }
const auto& answer_of(const NameServerStep& step) noexcept { return step.asked.answer; }

// Leaves out answers of steps of this kind, the largest first, until so many octets are saved.
template <class Kind>
void leave_out_answers(Trace& trace, std::size_t excess) {
  std::multimap<std::size_t, Kind*, std::ranges::greater> largest;
  for (Step& step : trace)
    if (auto* one = std::get_if<Kind>(&step); one != nullptr && size_of(answer_of(*one)) > worth_leaving_out)
      largest.emplace(size_of(answer_of(*one)), one);
  std::size_t saved = 0;
  for (auto [size, step] : largest) {
    if (saved >= excess) return;
    leave_out(*step);
    saved += size - worth_leaving_out;
  }
}

void drop_last_steps(Trace& trace) {
  trace.erase(trace.begin() + static_cast<std::ptrdiff_t>(trace.size() * 3 / 4), trace.end());
}

using Shortening = void (*)(Trace&, std::size_t excess);
constexpr Shortening shortenings[] = {
    [](Trace& trace, std::size_t) { shorten_replies(trace, 4096); },
    [](Trace& trace, std::size_t excess) { drop_certificates(trace, 1, excess); },
    [](Trace& trace, std::size_t excess) { drop_certificates(trace, 0, excess); },
    [](Trace& trace, std::size_t) { shorten_replies(trace, 1024); },
    [](Trace& trace, std::size_t) { shorten_replies(trace, 256); },
    leave_out_answers<PolicyHostStep>,
    leave_out_answers<NameServerStep>,
    leave_out_answers<DnsStep>,
};

}  // namespace

void fit_trace(const CheckInputs& inputs, Trace& trace, std::size_t most) {
  const std::size_t around = write_whole(inputs, {}).size();
  // A trace of hostile servers can be a hundred times too large, and is then not written only to be measured.
  auto too_large_by = [&] {
    std::size_t size = around + size_of(trace);
    if (size > most && size <= 2 * most) size = write_whole(inputs, trace).size();
    return size - std::min(size, most);
  };
  std::size_t excess = too_large_by();
  for (Shortening shortening : shortenings) {
    // What a shortening saves is an estimate, so it is repeated as long as it helps.
    for (std::size_t before = excess + 1; excess > 0 && excess < before;) {
      before = excess;
      shortening(trace, excess);
      excess = too_large_by();
    }
  }
  for (; excess > 0 && !trace.empty(); excess = too_large_by()) drop_last_steps(trace);
}

}  // namespace mtasts
