// demand - what makes a message require verified TLS, and which of those demands is in force (RFC 8689,
// RTLS-4 to RTLS-6).
//
// A message can require it itself: REQUIRETLS in MAIL FROM, or a header. Or the administrator requires it, by
// a list of senders, recipients or users. The header "TLS-Required: No" asks for the opposite. REQUIRETLS
// beats it (RTLS-5). The administrator's own headers yield to it. The lists beat it or yield to it, as the
// administrator says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mtasts {

enum class Demand : std::uint8_t {
  requiretls,         // the parameter of MAIL FROM
  requiretls_header,  // "Require-TLS-ESMTP: yes", which counts as REQUIRETLS (PFX-36)
  own_header,         // another header of [milter] headers
  senders,
  users,
  recipients,
};

// What has been seen of a message so far.
struct MessageMarks {
  bool empty_return_path = false;  // no demand binds a bounce (RTLS-4)
  bool requiretls = false;
  bool requiretls_header = false;
  std::string own_header;  // the name of the first one seen; empty: none
  bool listed_sender = false;
  bool listed_user = false;
  bool tls_required_no = false;
  bool headers_seen = false;  // true at the end of the message: no header can follow
};

// The demand in force for one recipient; nullopt: none. While headers may follow, a list that yields to
// "TLS-Required: No" is not in force yet.
std::optional<Demand> demand_in_force(const MessageMarks& marks, bool listed_recipient,
                                      bool list_beats_tls_required) noexcept;

// For replies and the log: "REQUIRETLS", "header Require-TLS-ESMTP", "sender list".
std::string in_words(Demand demand, const MessageMarks& marks);

}  // namespace mtasts
