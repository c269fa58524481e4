// domain_argument - reads the domain or next hop that a verb is given, also where it is part of something
// else: people paste mail addresses and links.
//
// Understood as example.com: "user@example.com", "<user@example.com>", "mailto:user@example.com",
// "https://example.com/…" (a port in it is dropped), "http://…", "Example.COM", "example.com.", and each of
// them with white space around it. U-labels become A-labels. If the text is not what it was understood as,
// the verb says so: tell() does.
//
// An IP address, an empty name and whatever else has no policy domain is refused. mtastsd would answer
// NOTFOUND for it, which reads as if a domain had no policy.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"
#include "core/result.hpp"

namespace mtasts {

struct DomainArgument {
  std::string
      domain;        // in lower case and A-labels, without a final dot; DomainName::parse() accepts its name
  std::string note;  // how the text was understood, in printable ASCII; empty: as it was written
  std::string given{};  // the text itself, if there is a note
};

// For a verb about a domain: neither brackets nor a port may be there. Fault::syntax: it is not a domain; the
// detail quotes it and says what to write.
Result<DomainArgument> read_domain(std::string_view text);

// For a verb about a next hop. "[mx.example.com]:587" and "example.com:25" stay as they are. Errors as above.
Result<DomainArgument> read_next_hop(std::string_view text);

// Prints the note, if any, to standard error, unless the verb prints JSON: then the object has it.
void tell(const DomainArgument& argument, const Terminal& terminal);
// Adds "understood_as" to the object, if there is a note.
void tell(const DomainArgument& argument, boost::json::object& object);

}  // namespace mtasts
