// crc32c - the checksum of cache entries: CRC-32C (Castagnoli; RFC 3720 appendix B.4).
#pragma once

#include <cstdint>
#include <string_view>

namespace mtasts {

// Uses the processor's CRC instruction if it has one.
std::uint32_t crc32c(std::string_view bytes) noexcept;

// The same, computed with a table. Declared here so that a test can compare the two.
std::uint32_t crc32c_by_table(std::string_view bytes) noexcept;

}  // namespace mtasts
