// http_head - the head of an HTTP/1 answer (RFC 9112 §2, §4, §5), put into the one form that Boost.Beast
// takes. Pure.
//
// Beast refuses two things that servers send and that curl, Go and Python accept: lines that end in LF alone
// (RFC 9112 §2.2) and a status line without a reason and the blank before it (RFC 9112 §4 asks for the
// blank). Both are mended here. Everything else is left to Beast, which goes on to refuse what can be read in
// two ways: a lone CR, odd characters in a name, several lengths.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mtasts {

// Size of the head at the front of bytes, its empty line included; nullopt: its end has not come yet. The
// first `searched` octets were looked at before and hold no end.
std::optional<std::size_t> head_size(std::string_view bytes, std::size_t searched = 0) noexcept;

// Why bytes can't be the beginning of an answer: it is another protocol. One line of printable ASCII; empty:
// they can be, as far as they go.
std::string refuse_beginning(std::string_view bytes);

// Why a whole head has no status line of HTTP/1.0 or HTTP/1.1, in the same form; empty: it has one.
std::string refuse_status_line(std::string_view head);

// The head with CRLF at the end of each line, and with the blank behind the status. REQUIRES: head_size(head)
// == head.size().
std::string plain_head(std::string_view head);

}  // namespace mtasts
