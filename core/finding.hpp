// finding - one remark of a lint: a stable code for scripts, a severity, a sentence for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mtasts {

enum class Severity { info, warning, error };

std::string_view words(Severity severity) noexcept;  // "info", "warning", "error"

// Where a finding was made. What does not apply is empty or 0.
struct Where {
  std::string_view
      step{};  // of a check: "record", "policy-host", "policy", "mx", "smtp", "dane", "tlsrpt", "senders"
  std::string host{};     // the policy host or an MX host; printable
  std::string address{};  // one of its addresses
  unsigned port = 0;
  unsigned line = 0;  // of the policy, from 1
  friend bool operator==(const Where&, const Where&) = default;
};

struct Finding {
  std::string_view code;  // stable, lower-case-with-dashes, static storage: "duplicate-key"
  Severity severity;      // error: this makes the text invalid
  std::string message;    // printable ASCII; quoted peer text is escaped and shortened
  Where where{};
  std::string evidence{};  // what was seen, as it is: a record, a reply line, a digest; printable ASCII
};

using Findings = std::vector<Finding>;

// Peer text for a message or a log: at most max octets, everything but printable ASCII as \xNN, and "..." if
// it was cut.
std::string printable(std::string_view text, std::size_t max = 80);
// The same, but never cut.
std::string whole(std::string_view text);
// The same as printable(), in quotation marks. (Not called quoted(): a call with a std::string would find
// std::quoted too.)
std::string in_quotes(std::string_view text, std::size_t max = 80);

// For messages: "\"abc…\" has 33 characters; at most 32 are allowed". name: peer text, made printable here.
std::string too_long(std::string_view name, std::size_t most);

}  // namespace mtasts
