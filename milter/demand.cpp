#include "milter/demand.hpp"

#include "core/finding.hpp"

namespace mtasts {

std::optional<Demand> demand_in_force(const MessageMarks& marks, bool listed_recipient,
                                      bool list_beats_tls_required) noexcept {
  if (marks.empty_return_path) return std::nullopt;
  if (marks.requiretls) return Demand::requiretls;
  if (marks.requiretls_header) return Demand::requiretls_header;
  if (list_beats_tls_required || (marks.headers_seen && !marks.tls_required_no)) {
    if (marks.listed_sender) return Demand::senders;
    if (marks.listed_user) return Demand::users;
    if (listed_recipient) return Demand::recipients;
  }
  if (!marks.own_header.empty() && marks.headers_seen && !marks.tls_required_no) return Demand::own_header;
  return std::nullopt;
}

std::string in_words(Demand demand, const MessageMarks& marks) {
  switch (demand) {
    case Demand::requiretls: return "REQUIRETLS";
    case Demand::requiretls_header: return "header Require-TLS-ESMTP";
    case Demand::own_header: return "header " + printable(marks.own_header);
    case Demand::senders: return "sender list";
    case Demand::users: return "user list";
    case Demand::recipients: return "recipient list";
  }
  return {};
}

}  // namespace mtasts
