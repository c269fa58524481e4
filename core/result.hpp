// result - how a function below main() reports that it could not do what it was asked.
//
// Expected outcomes (no record, nothing cached) are values of their own; an Error means "we asked, and it
// went wrong". Branch on fault. detail is one line for people and may hold peer text, so it goes to logs
// only.
#pragma once

#include <expected>
#include <string>

namespace mtasts {

enum class Fault {
  syntax,    // bytes from outside do not follow their grammar; asking again will not help
  protocol,  // the peer of a connection broke the framing; the caller must close the connection
  timeout,   // a deadline ran out; the caller may ask again later
  network,   // connect, TLS, HTTP or DNS transport failed; the caller may ask again later
  config,    // the administrator has to change something; detail says what
  storage,   // the cache could not be read or written
};

struct Error {
  Fault fault;
  std::string detail;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Fault fault, std::string detail) {
  return std::unexpected(Error{fault, std::move(detail)});
}

}  // namespace mtasts
