#include "cache/trial_walk.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include "cache/folder.hpp"
#include "cache/handles.hpp"

namespace mtasts::cache {
namespace {

constexpr int status_damaged = 3;
constexpr std::array deadly{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};  // what bad pages do to their reader

unsigned touch(std::string_view bytes) noexcept {
  unsigned sum = 0;
  for (char c : bytes) sum += static_cast<unsigned char>(c);
  return sum;
}

// Opens each named database and gives it to f. Plain values in the main database are another program's.
template <class F>
int for_each_named(MDB_txn* txn, F&& f) {
  MDB_dbi main = 0;
  if (int rc = mdb_dbi_open(txn, nullptr, 0, &main)) return rc;
  MDB_cursor* raw = nullptr;
  if (int rc = mdb_cursor_open(txn, main, &raw)) return rc;
  Cursor cursor(raw);
  MDB_val key{}, value{};
  int rc = mdb_cursor_get(raw, &key, &value, MDB_FIRST);
  for (; rc == MDB_SUCCESS; rc = mdb_cursor_get(raw, &key, &value, MDB_NEXT)) {
    MDB_dbi dbi = 0;
    std::string name(to_view(key));
    int opened = mdb_dbi_open(txn, name.c_str(), 0, &dbi);
    if (opened == MDB_INCOMPATIBLE) continue;
    if (opened != MDB_SUCCESS) return opened;
    if (int done = f(dbi)) return done;
  }
  return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

int walk_one(MDB_txn* txn, MDB_dbi dbi) {
  MDB_stat stat{};
  if (int rc = mdb_stat(txn, dbi, &stat)) return rc;
  MDB_cursor* raw = nullptr;
  if (int rc = mdb_cursor_open(txn, dbi, &raw)) return rc;
  Cursor cursor(raw);
  MDB_val key{}, value{};
  volatile unsigned sum = 0;
  std::size_t entries = 0;
  int rc = mdb_cursor_get(raw, &key, &value, MDB_FIRST);
  for (; rc == MDB_SUCCESS; rc = mdb_cursor_get(raw, &key, &value, MDB_NEXT)) {
    sum = sum + touch(to_view(key)) + touch(to_view(value));
    if (++entries > stat.ms_entries) return MDB_CORRUPTED;  // the pages point in a circle
  }
  if (rc != MDB_NOTFOUND) return rc;
  return entries == stat.ms_entries ? MDB_SUCCESS : MDB_CORRUPTED;
}

int walk_all(MDB_env* env) {
  MDB_txn* txn = nullptr;
  if (int rc = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn)) return rc;
  Txn owner(txn);
  if (int rc = walk_one(txn, 0)) return rc;  // the free list
  if (int rc = walk_one(txn, 1)) return rc;
  return for_each_named(txn, [&](MDB_dbi dbi) { return walk_one(txn, dbi); });
}

// A change in each database, never committed: it takes free pages and copies those on its way, which meets
// what reading does not, such as wrong flags of the free list.
int rehearse_writing(MDB_env* env) {
  MDB_txn* txn = nullptr;
  if (int rc = mdb_txn_begin(env, nullptr, 0, &txn)) return rc;
  Txn owner(txn);
  std::vector<MDB_dbi> all;
  auto collect = [&](MDB_dbi dbi) {
    all.push_back(dbi);
    return MDB_SUCCESS;
  };
  if (int rc = for_each_named(txn, collect)) return rc;
  for (MDB_dbi dbi : all) {
    MDB_val key = to_val("\xFF rehearsal"), value = to_val("x");
    if (int rc = mdb_put(txn, dbi, &key, &value, 0)) return rc;
    if (int rc = mdb_del(txn, dbi, &key, nullptr)) return rc;
  }
  return MDB_SUCCESS;
}

[[noreturn]] void be_child(const std::string& folder) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  for (int signal : deadly) ::signal(signal, SIG_DFL);
  _exit(walk_everything(folder) == MDB_SUCCESS ? 0 : status_damaged);
}

std::chrono::seconds time_for(const std::string& folder) {
  struct stat info{};
  if (::stat(data_file(folder).c_str(), &info) != 0) return std::chrono::minutes(1);
  return std::chrono::minutes(1) + std::chrono::seconds(info.st_size >> 24);  // 16 MiB a second
}

// Waits and judges. A child that is too slow is ended, which says nothing about the file.
Trial await(pid_t child, std::chrono::seconds limit) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  int status = 0;
  for (;;) {
    auto done = ::waitpid(child, &status, WNOHANG);
    if (done == child) return judge_status(status);
    if (done < 0 && errno != EINTR)
      return {Verdict::undecided, std::string("wait for it: ") + std::strerror(errno)};
    if (std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return {Verdict::undecided, "it did not end within " + std::to_string(limit.count()) + " s"};
}

}  // namespace

int walk_everything(const std::string& folder) {
  MDB_env* raw = nullptr;
  if (int rc = mdb_env_create(&raw)) return rc;
  Env env(raw);
  mdb_env_set_maxdbs(raw, 64);
  // No lock: the parent holds daemon.lock, so nobody writes, and the parent's own locks stay untouched
  // (LMDB-9).
  if (int rc = mdb_env_open(raw, folder.c_str(), MDB_NOLOCK, data_mode)) return rc;
  if (int rc = walk_all(raw)) return rc;
  return rehearse_writing(raw);
}

Trial judge_status(int status) {
  if (WIFSIGNALED(status)) {
    int signal = WTERMSIG(status);
    bool of_the_file = std::ranges::find(deadly, signal) != deadly.end();
    return {of_the_file ? Verdict::damaged : Verdict::undecided,
            std::string("it died of ") + strsignal(signal)};
  }
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == 0) return {Verdict::sound, ""};
  if (code == status_damaged) return {Verdict::damaged, "it found damaged pages"};
  return {Verdict::undecided, "it ended with status " + std::to_string(code)};
}

Trial trial_walk(const std::string& folder) {
  auto limit = time_for(folder);
  pid_t child = ::fork();
  if (child < 0) return {Verdict::undecided, std::string("start it: ") + std::strerror(errno)};
  if (child == 0) be_child(folder);
  return await(child, limit);
}

}  // namespace mtasts::cache
