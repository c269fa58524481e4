// names - the words of mtastsd.toml that stand for one of a few choices; read and written from the same
// tables.
#pragma once

#include <array>
#include <string_view>

#include "conf/config.hpp"

namespace mtasts {

template <class T>
struct Named {
  std::string_view word;
  T value;
};

inline constexpr std::array<Named<LogConfig::Level>, 4> log_levels{{{"error", LogConfig::Level::error},
                                                                    {"warning", LogConfig::Level::warning},
                                                                    {"info", LogConfig::Level::info},
                                                                    {"debug", LogConfig::Level::debug}}};
inline constexpr std::array<Named<LogConfig::Format>, 2> log_formats{
    {{"text", LogConfig::Format::text}, {"json", LogConfig::Format::json}}};
inline constexpr std::array<Named<LogConfig::Target>, 3> log_targets{
    {{"stderr", LogConfig::Target::standard_error},
     {"syslog", LogConfig::Target::syslog},
     {"journal", LogConfig::Target::journal}}};

// Kept as words in Config.
inline constexpr std::array<Named<std::string_view>, 3> postfix_dane_words{
    {{"yes", "yes"}, {"no", "no"}, {"auto", "auto"}}};
inline constexpr std::array<Named<std::string_view>, 2> partial_dane_words{
    {{"sts", "sts"}, {"dane-only", "dane-only"}}};
inline constexpr std::array<Named<std::string_view>, 3> dnssec_down_words{
    {{"auto", "auto"}, {"ignore-dane", "ignore-dane"}, {"temp", "temp"}}};

template <class T, std::size_t N>
constexpr std::string_view word_of(const std::array<Named<T>, N>& names, T value) noexcept {
  for (const auto& each : names)
    if (each.value == value) return each.word;
  return {};
}

}  // namespace mtasts
