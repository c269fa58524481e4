#include "core/mx_pattern.hpp"

namespace mtasts {

namespace {

bool may_be_mx(std::string_view text) noexcept {
  return text.size() <= DomainName::max_size && !text.ends_with('.') && !text.contains('_');
}

bool is_wildcard(std::string_view text) noexcept { return text.starts_with("*."); }

std::string_view base_of(std::string_view text) noexcept { return is_wildcard(text) ? text.substr(2) : text; }

bool fits(bool wildcard, std::string_view base, std::string_view host) noexcept {
  if (!wildcard) return host == base;
  std::size_t dot = host.find('.');
  return dot != std::string_view::npos && host.substr(dot + 1) == base;
}

}  // namespace

std::size_t MxPattern::span(std::string_view text) noexcept {
  std::string_view base = base_of(text);
  std::size_t name = DomainName::span(base), all = text.size() - base.size() + name;
  return name > 0 && may_be_mx(text.substr(0, all)) ? all : 0;
}

bool MxPattern::text_matches(std::string_view text, const DomainName& host) noexcept {
  return fits(is_wildcard(text), base_of(text), host.str());
}

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
  return fits(wildcard_, base_.str(), host.str());
}

std::string MxPattern::text() const {
  std::string out = wildcard_ ? "*." : "";
  return out.append(base_.str());
}

}  // namespace mtasts
