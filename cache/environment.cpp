#include "cache/environment.hpp"

#include <cerrno>
#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "cache/file_size.hpp"

namespace mtasts::cache {
namespace {

std::mutex claimed_mutex;
std::set<FileIdentity> claimed;

}  // namespace

void ReleaseClaim::operator()(const FileIdentity* folder) const noexcept {
  {
    std::scoped_lock hold(claimed_mutex);
    claimed.erase(*folder);
  }
  delete folder;
}

std::optional<FolderClaim> claim_folder(const std::string& path) {
  auto folder = identity_of(path);
  if (!folder) return FolderClaim();
  auto copy = std::make_unique<const FileIdentity>(*folder);
  std::scoped_lock hold(claimed_mutex);
  if (!claimed.insert(*folder).second) return std::nullopt;
  return FolderClaim(copy.release());
}

Environment::Environment(Opened opened)
    : opened_(std::move(opened)),
      condition_(std::move(opened_.condition)),
      damage_seen_(opened_.damage_seen) {
  mdb_env_set_userctx(get(), &opened_.log);  // the log has moved since LMDB was opened
}

Environment::~Environment() {
  opened_.env.reset();
  if (!opened_.lock || !opened_.writable) return;
  if (damage_seen_)
    opened_.lock->demand_check();
  else
    opened_.lock->stopped_in_order();
}

std::optional<std::string> Environment::folder_trouble() const {
  auto here = identity_of(data_file(path()));
  if (!opened_.file || here == opened_.file) return std::nullopt;
  return "cache " + path() + ": data.mdb was " + (here ? "replaced" : "removed") +
         " while mtastsd was running; what is stored now will be lost; restart mtastsd";
}

void Environment::mend_size() {
  int fd = -1;
  auto checked = check_size(get());
  if (checked.rc != MDB_SUCCESS || checked.wanted == 0) return;
  mdb_env_get_fd(get(), &fd);
  int rc = grow_file(fd, checked.wanted);
  if (rc != 0 && !growth_failed_)
    log().warning(storage_error(path(), "lengthen data.mdb to its page count", rc).detail);
  growth_failed_ = rc != 0;
}

Error Environment::error(std::string_view doing, int rc) {
  if (damaged(rc)) damage_seen_ = true;
  return storage_error(path(), doing, rc);
}

void Environment::panic(Time now) {
  if (std::exchange(panicked_, true)) return;
  auto why = "cache " + path() +
             ": LMDB could not write its meta page and has refused all work since then; restart mtastsd";
  log().error(why);
  // LMDB has restored only a part of that page, so the next start must check the file, however this one ends.
  if (opened_.lock) opened_.lock->demand_check();
  condition_.must_restart(std::move(why), now);
  if (opened_.on_panic) opened_.on_panic();
}

int Environment::adopt_map_size() {
  // Waits until the other threads have ended their reads. A thread that has a read open itself would wait for
  // ever, so the wait has a limit.
  std::unique_lock alone(map_gate_, std::chrono::milliseconds(500));
  if (!alone) return EBUSY;
  return mdb_env_set_mapsize(get(), 0);
}

}  // namespace mtasts::cache
