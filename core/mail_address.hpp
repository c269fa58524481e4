// mail_address - the mailbox of an SMTP path, and patterns that mailboxes match (the lists of [milter]).
#pragma once

#include <string>
#include <string_view>

namespace mtasts {

// Views into the path. local: as written, perhaps in quotes. Both are empty for the empty path "<>"; domain
// alone is for "<postmaster>". Neither is checked: any octets may be in them.
struct MailAddress {
  std::string_view local, domain;
  bool empty() const noexcept { return local.empty() && domain.empty(); }
};

// Reads a path of MAIL or RCPT as a milter gets it, with or without angle brackets. A source route is skipped
// (RFC 5321 §4.1.2), the last "@" counts, and one final dot of the domain is dropped. Takes any octets.
MailAddress mail_address_of(std::string_view path) noexcept;

struct AddressPattern {
  enum class Kind {
    every,    // every address; the empty path is not one
    address,  // local@domain
    domain,   // every address of domain
    below     // every address of a domain below domain, at any depth
  };
  Kind kind = Kind::every;
  std::string local;   // address: as written, perhaps in quotes
  std::string domain;  // all but every: as DomainName::str() has it, so in A-labels and lower case

  // Compares without the case of ASCII letters, and a quoted local part by what the quotes mean:
  // "bob"@a.example is bob@a.example. The domain of address must be in A-labels: a caller that may have
  // U-labels converts them first (idn/).
  bool matches(const MailAddress& address) const noexcept;

  friend bool operator==(const AddressPattern&, const AddressPattern&) = default;
};

// As written in the configuration: "*", "user@example.com", "example.com", "*.example.com".
// conf/milter_values.hpp reads it.
std::string to_string(const AddressPattern& pattern);

}  // namespace mtasts
