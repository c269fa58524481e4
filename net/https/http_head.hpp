// http_head - puts the head of an HTTP/1 answer (RFC 9112 §2, §4, §5) into the one form that Boost.Beast
// accepts. Pure.
//
// Beast refuses two things that servers send and that curl, Go and Python accept: lines that end with LF
// alone (RFC 9112 §2.2), and a status line without a reason and without the blank before it (RFC 9112 §4 asks
// for the blank). Both are repaired here. Everything else is left to Beast, which refuses what can be read in
// two ways: a lone CR, odd characters in a name, several lengths.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mtasts {

// The size in octets of the head at the front of bytes, including its empty line; nullopt: its end has not
// come yet. searched: so many octets were searched before, and the end is not in them.
std::optional<std::size_t> head_size(std::string_view bytes, std::size_t searched = 0) noexcept;

// Why bytes can't be the beginning of an HTTP/1 answer: they are another protocol. One line of printable
// ASCII; empty: nothing is wrong so far.
std::string refuse_beginning(std::string_view bytes);

// Why the first line of a complete head is not a status line of HTTP/1.0 or HTTP/1.1, in the same form;
// empty: it is one.
std::string refuse_status_line(std::string_view head);

// The head with CRLF at the end of each line, and with the blank after the status. REQUIRES: head_size(head)
// == head.size().
std::string plain_head(std::string_view head);

}  // namespace mtasts
