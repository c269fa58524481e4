#include "cache/mend_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <new>

#include "cache/file_check.hpp"
#include "cache/file_size.hpp"
#include "cache/folder.hpp"
#include "cache/lock_location.hpp"

namespace mtasts::cache {
namespace {

void log_mended(const std::string& folder, std::string_view why, const Mended& mended, const CacheLog& log) {
  const auto& entries = mended.entries;
  log.error("cache " + folder + ": data.mdb was damaged (" + std::string(why) +
            "): " + std::to_string(entries.kept) + " entries were kept, " + std::to_string(entries.salvaged) +
            " were taken from older copies, " + std::to_string(entries.lost) +
            (entries.more_lost ? " or more were lost" : " were lost") + "; the damaged file is kept as " +
            mended.set_aside);
}

Result<Mended> salvage_file(const std::string& folder, std::string_view why, std::uint64_t map_size,
                            const LastWriter& last, Time now, const CacheLog& log) {
  auto fresh = data_file(folder) + ".new";
  ::unlink(fresh.c_str());
  Mended mended;
  try {
    mended.entries = salvage(data_file(folder), fresh, map_size, last, log);
  } catch (const LmdbFailure& failure) {
    ::unlink(fresh.c_str());
    auto error = storage_error(folder, failure.doing, failure.rc);
    error.detail = "cache " + folder + ": data.mdb is damaged (" + std::string(why) +
                   ") and was left as it is, because it could not be mended: " + error.detail;
    return std::unexpected(std::move(error));
  }
  drop_lock_file(folder);
  auto kept = replace_data(folder, fresh, now);
  if (!kept) return std::unexpected(std::move(kept.error()));
  mended.set_aside = std::move(*kept);
  log_mended(folder, why, mended, log);
  return mended;
}

}  // namespace

Result<std::optional<Mended>> check_and_mend(const std::string& folder, std::uint64_t map_size,
                                             const LastWriter& last, Time now, const CacheLog& log) try {
  auto check = check_file(data_file(folder), last);
  if (auto why = refusal(check); !why.empty())
    return fail(Fault::storage, "cache " + folder + ": data.mdb: " + why);
  if (check.verdict == FileState::damaged) return salvage_file(folder, check.why, map_size, last, now, log);
  if (check.lengthen != 0)  // no page in use is missing, so those beyond the end are free
    if (int rc = grow_file(data_file(folder), check.lengthen); rc != 0 && rc != EROFS)
      log.warning(storage_error(folder, "lengthen data.mdb to its page count", rc).detail);
  return std::nullopt;
} catch (const LmdbFailure& failure) {  // it could not be read, which does not mean that it is damaged
  return std::unexpected(storage_error(folder, failure.doing, failure.rc));
} catch (const std::bad_alloc&) {
  return std::unexpected(storage_error(folder, "check data.mdb", ENOMEM));
}

}  // namespace mtasts::cache
