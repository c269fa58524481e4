// Judges the HTTP answer that a policy came in, before its body.

#include "core/sts_policy.hpp"
#include "core/text.hpp"

namespace mtasts {

namespace {

std::string status_message(unsigned status) {
  std::string text = "HTTP status " + std::to_string(status) + ": only 200 carries a policy";
  if (status >= 300 && status < 400) text += "; senders do not follow redirects (RFC 8461 section 3.3)";
  if (status == 404) text += "; the file must be at https://mta-sts.DOMAIN/.well-known/mta-sts.txt";
  return text;
}

}  // namespace

// Codes: http-status, content-type-missing, content-type.
Findings lint_http(unsigned status, std::string_view content_type) {
  Findings findings;
  if (status != 200) findings.push_back({"http-status", Severity::error, status_message(status)});  // STS-11
  std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  if (trim(content_type).empty()) {
    findings.push_back({"content-type-missing", Severity::error,
                        "the answer has no Content-Type; it must be text/plain (RFC 8461 section 3.2)"});
  } else if (!equal_folded(type, "text/plain")) {  // STS-12
    findings.push_back(
        {"content-type", Severity::error,
         "Content-Type \"" + printable(content_type) + "\" must be text/plain (RFC 8461 section 3.2)"});
  }
  return findings;
}

}  // namespace mtasts
