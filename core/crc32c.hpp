// crc32c - the checksum of stored records: CRC-32C (Castagnoli; RFC 3720 appendix B.4).
#pragma once

#include <cstdint>
#include <string_view>

namespace mtasts {

// By the processor's own instruction where it has one.
std::uint32_t crc32c(std::string_view bytes) noexcept;

// The same by a table; here so that a test can hold the two together.
std::uint32_t crc32c_by_table(std::string_view bytes) noexcept;

}  // namespace mtasts
