#include "tests/unit/cache/support.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "cache/folder.hpp"
#include "tests/unit/lists.hpp"

extern char** environ;

namespace mtasts::test {

namespace asio = boost::asio;

TempFolder::TempFolder() {
  auto pattern = (std::filesystem::temp_directory_path() / "mtasts-cache-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  // lock.mdb may link into a folder in memory that was made only for this cache.
  auto lock = std::filesystem::read_symlink(file("lock.mdb"), ignored);
  if (!lock.empty()) std::filesystem::remove_all(lock.parent_path(), ignored);
  std::filesystem::remove_all(path_, ignored);
}

std::function<void(int, std::string)> LogLines::sink() {
  return [this](int level, std::string line) {
    std::scoped_lock hold(mutex_);
    lines_.emplace_back(level, std::move(line));
  };
}

std::size_t LogLines::count(int level, const std::string& part) const {
  std::scoped_lock hold(mutex_);
  std::size_t n = 0;
  for (const auto& [at, line] : lines_) n += at == level && line.find(part) != std::string::npos;
  return n;
}

bool LogLines::has(int level, const std::string& part) const { return count(level, part) > 0; }

std::string LogLines::all() const {
  std::scoped_lock hold(mutex_);
  std::string text;
  for (const auto& [level, line] : lines_) text += std::to_string(level) + " " + line + "\n";
  return text;
}

DomainName name(const std::string& text) { return DomainName::parse(text).value(); }

DomainName numbered(const std::string& prefix, int n) {
  auto digits = std::to_string(n);
  return name(prefix + "-" + std::string(6 - std::min<std::size_t>(digits.size(), 6), '0') + digits +
              ".example");
}

Record policy_record(Mode mode, Time fetched_at, std::uint32_t max_age, const std::string& id) {
  Record record;
  record.policy =
      Policy{mode, max_age, mx_list("mx1.mail.example\n*.mail.example"),
             "version: STSv1\nmode: " + std::string(words(mode)) +
                 "\nmx: mx1.mail.example\nmx: *.mail.example\nmax_age: " + std::to_string(max_age)};
  record.id = id;
  record.fetched_at = fetched_at;
  record.refresh_at = fetched_at + std::chrono::days(1);
  record.last_lookup.at = fetched_at;
  record.last_lookup.next_check = fetched_at + std::chrono::hours(1);
  return record;
}

Record negative_record(Time looked_up_at) {
  Record record;
  record.last_lookup.state = StsState::no_record;
  record.last_lookup.detail = "no TXT record at _mta-sts (NXDOMAIN)";
  record.last_lookup.at = looked_up_at;
  record.last_lookup.next_check = looked_up_at + std::chrono::minutes(5);
  return record;
}

asio::awaitable<void> put_into(Store& store, DomainName domain, Record record,
                               std::optional<Result<void>>& outcome) {
  outcome = co_await store.put(domain, std::move(record));
}

Result<void> put(LmdbCache& cache, const DomainName& domain, Record record) {
  asio::io_context loop;
  std::optional<Result<void>> outcome;
  asio::co_spawn(loop, put_into(cache.store(), domain, std::move(record), outcome), asio::detached);
  loop.run();
  return outcome.value();
}

std::size_t put_all(LmdbCache& cache, const std::vector<DomainName>& domains, const Record& record) {
  asio::io_context loop;
  std::vector<std::optional<Result<void>>> outcomes(domains.size());
  for (std::size_t n = 0; n < domains.size(); ++n)
    asio::co_spawn(loop, put_into(cache.store(), domains[n], record, outcomes[n]), asio::detached);
  loop.run();
  return static_cast<std::size_t>(std::ranges::count_if(outcomes, [](const auto& o) { return o && *o; }));
}

std::size_t put_many(LmdbCache& cache, const std::string& prefix, int from, int to, const Record& record) {
  std::vector<DomainName> domains;
  for (int n = from; n < to; ++n) domains.push_back(numbered(prefix, n));
  return put_all(cache, domains, record);
}

void settle(LmdbCache& cache) {
  auto erased = cache.erase(name("never-stored.example"));
  if (!erased) throw std::runtime_error(erased.error().detail);
}

bool soon(const std::function<bool()>& f) {
  for (int i = 0; i < 6000; ++i) {
    if (f()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

void as_left_in_order(const TempFolder& folder) {
  auto lock = cache::WriterLock::take(folder.cache());
  if (!lock) throw std::runtime_error(lock.error().detail);
  lock->stopped_in_order();
}

std::vector<std::string> files_like(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(prefix))
      found.push_back(entry.path().filename().string());
  return found;
}

#ifdef CHILD_PROGRAM
Child::Child(std::vector<std::string> arguments) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  std::string program = CHILD_PROGRAM;
  std::vector<char*> argv{program.data()};
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int failed = posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  in_ = in[1];
  out_ = out[0];
  if (failed != 0) throw std::runtime_error("cannot start the child");
}

Child::~Child() {
  ::close(in_);
  ::close(out_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait();
  }
}

std::string Child::line() {
  for (;;) {
    auto end = buffer_.find('\n');
    if (end != std::string::npos) {
      auto text = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return text;
    }
    char bytes[4096];
    auto n = ::read(out_, bytes, sizeof bytes);
    if (n <= 0) return {};
    buffer_.append(bytes, static_cast<std::size_t>(n));
  }
}

void Child::say(const std::string& text) {
  auto bytes = text + "\n";
  if (::write(in_, bytes.data(), bytes.size()) < 0) throw std::runtime_error("the child has gone");
}

void Child::kill(int signal) { ::kill(pid_, signal); }

int Child::wait() {
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
#endif

}  // namespace mtasts::test
