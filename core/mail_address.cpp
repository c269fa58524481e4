#include "core/mail_address.hpp"

#include "core/text.hpp"

namespace mtasts {
namespace {

// "@a,@b:user@c" is user@c. The colons of an address literal, "[IPv6:2001:db8::1]", end no route.
std::string_view without_route(std::string_view path) noexcept {
  if (!path.starts_with('@')) return path;
  bool bracketed = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '[') bracketed = true;
    if (path[i] == ']') bracketed = false;
    if (path[i] == ':' && !bracketed) return path.substr(i + 1);
  }
  return path;
}

std::string_view without_brackets(std::string_view path) noexcept {
  path = trim(path);
  if (path.starts_with('<')) path.remove_prefix(1);
  if (path.ends_with('>')) path.remove_suffix(1);
  return path;
}

// The octets of a local part that count: the quotes around a quoted string don't, nor do the backslashes of
// its quoted pairs (RFC 5321 §4.1.2).
class Unquoted {
 public:
  explicit Unquoted(std::string_view local) noexcept : rest_(local) {
    quoted_ = rest_.size() >= 2 && rest_.front() == '"' && rest_.back() == '"';
    if (quoted_) rest_ = rest_.substr(1, rest_.size() - 2);
  }
  bool done() const noexcept { return rest_.empty(); }
  char next() noexcept {  // REQUIRES: not done()
    if (quoted_ && rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
    char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

 private:
  std::string_view rest_;
  bool quoted_;
};

bool same_local(std::string_view a, std::string_view b) noexcept {
  Unquoted left(a), right(b);
  while (!left.done() && !right.done())
    if (to_lower(left.next()) != to_lower(right.next())) return false;
  return left.done() && right.done();
}

bool is_below(std::string_view name, std::string_view domain) noexcept {
  if (name.size() <= domain.size() + 1) return false;
  auto dot = name.size() - domain.size() - 1;
  return name[dot] == '.' && equal_folded(name.substr(dot + 1), domain);
}

}  // namespace

MailAddress mail_address_of(std::string_view path) noexcept {
  path = without_route(without_brackets(path));
  auto at = path.rfind('@');
  bool local_alone = at == std::string_view::npos || path.ends_with('"');  // <"a@b"> has no domain
  if (local_alone) return {path, {}};
  auto domain = path.substr(at + 1);
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return {path.substr(0, at), domain};
}

bool AddressPattern::matches(const MailAddress& address) const noexcept {
  switch (kind) {
    case Kind::every: return !address.empty();
    case Kind::address: return equal_folded(address.domain, domain) && same_local(address.local, local);
    case Kind::domain: return equal_folded(address.domain, domain);
    case Kind::below: return is_below(address.domain, domain);
  }
  return false;
}

std::string to_string(const AddressPattern& pattern) {
  switch (pattern.kind) {
    case AddressPattern::Kind::every: return "*";
    case AddressPattern::Kind::address: return pattern.local + "@" + pattern.domain;
    case AddressPattern::Kind::domain: return pattern.domain;
    case AddressPattern::Kind::below: return "*." + pattern.domain;
  }
  return {};
}

}  // namespace mtasts
