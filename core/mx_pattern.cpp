#include "core/mx_pattern.hpp"

namespace mtasts {

namespace {

bool may_be_mx(std::string_view text) noexcept {
  return text.size() <= DomainName::max_size && !text.ends_with('.') && !text.contains('_');
}

bool is_wildcard(std::string_view text) noexcept { return text.starts_with("*."); }

std::string_view base_of(std::string_view text) noexcept { return is_wildcard(text) ? text.substr(2) : text; }

}  // namespace

std::optional<MxPattern> MxPattern::parse(std::string_view text) noexcept {
  if (!may_be_mx(text)) return std::nullopt;
  std::optional<DomainName> base = DomainName::parse(base_of(text));
  if (!base) return std::nullopt;
  return MxPattern(is_wildcard(text), *base);
}

bool is_numeric_mx(std::string_view text) noexcept {
  return may_be_mx(text) && DomainName::is_numeric(base_of(text));
}

bool MxPattern::matches(const DomainName& host) const noexcept {
  if (!wildcard_) return host == base_;
  std::size_t dot = host.str().find('.');
  return dot != std::string_view::npos && host.str().substr(dot + 1) == base_.str();
}

std::string MxPattern::text() const {
  std::string out = wildcard_ ? "*." : "";
  return out.append(base_.str());
}

}  // namespace mtasts
