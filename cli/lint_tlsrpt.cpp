#include <boost/json/array.hpp>

#include "cli/commands.hpp"
#include "cli/txt_lint.hpp"
#include "core/tlsrpt.hpp"

namespace mtasts {

int lint_tlsrpt_text(const std::vector<std::string>& records, const Terminal& terminal) {
  TlsRptLint lint = lint_tlsrpt(records);
  TxtLint found{.verdict = lint.verdict,
                .none = "none of these is a TLSRPT record (\"v=TLSRPTv1; rua=...\")",
                .findings = std::move(lint.findings)};
  boost::json::array uris;
  for (const std::string& uri : lint.uris) {
    uris.push_back(to_json(uri));
    found.lines.emplace_back("rua", whole(uri));
  }
  found.members.emplace("rua", std::move(uris));
  return print_txt_lint(std::move(found), terminal);
}

}  // namespace mtasts
