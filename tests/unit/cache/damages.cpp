#include "tests/unit/cache/damages.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <sstream>
#include <string_view>

#include "cache/layout.hpp"
#include "tests/unit/cache/raw.hpp"

namespace mtasts::test {
namespace {

constexpr std::size_t page = 4096, sector = 512;

// The octets that the file has for one entry. While they are somewhere in the file, the entry is not hit.
struct Expected {
  bool in_policy = false;
  std::string node;  // empty: it is on overflow pages, and this code cannot tell whether it is hit
  std::int64_t fetched_at = 0;
};

Record large_record(Time fetched_at) {
  Record record = policy_record(Mode::enforce, fetched_at);
  record.policy->mx = {};
  for (int i = 0; i < 400; ++i)
    record.policy->mx.append(MxPattern::parse("mx" + std::to_string(i) + ".a-long-name.example").value());
  return record;
}

// As in a page: sizes, flags, key, value.
std::string node_of(const std::string& key, const std::string& value) {
  std::string head(8, '\0');
  cache::put_little(head.data(), value.size(), 4);
  cache::put_little(head.data() + 6, key.size(), 2);
  return head + key + value;
}

std::string apply_damage(std::string& bytes, std::uint32_t number) {
  std::mt19937 random(number);
  auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  auto noise = [&](std::size_t at, std::size_t size) {
    for (std::size_t i = at; i < std::min(at + size, bytes.size()); ++i)
      bytes[i] = static_cast<char>(random());
  };
  std::size_t pages = bytes.size() / page, sectors = bytes.size() / sector;
  std::ostringstream what;
  switch (number % 8) {
    case 0:
    case 1: {
      auto at = below(bytes.size()), bit = below(8);
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      what << "bit " << bit << " of octet " << at;
      break;
    }
    case 2: {
      auto at = below(sectors);
      bytes.replace(at * sector, sector, std::string(sector, '\0'));
      what << "sector " << at << " zero";
      break;
    }
    case 3: {
      auto at = below(sectors);
      noise(at * sector, sector);
      what << "sector " << at << " noise";
      break;
    }
    case 4: {
      auto at = below(pages);
      bytes.replace(at * page, page, std::string(page, '\0'));
      what << "page " << at << " zero";
      break;
    }
    case 5: {
      auto at = below(pages);
      noise(at * page, page);
      what << "page " << at << " noise";
      break;
    }
    case 6: {
      auto a = below(pages), b = below(pages);
      std::swap_ranges(bytes.begin() + static_cast<long>(a * page),
                       bytes.begin() + static_cast<long>((a + 1) * page),
                       bytes.begin() + static_cast<long>(b * page));
      what << "pages " << a << " and " << b << " swapped";
      break;
    }
    default: {
      auto size = bytes.size() - below(bytes.size() / 2) - 1;
      bytes.resize(size);
      what << "cut to " << size << " octets";
    }
  }
  return what.str();
}

}  // namespace

struct DamagedCache::World {
  TempFolder folder;
  HandClock clock;
  std::string intact;
  std::map<std::string, Expected> expected;

  std::unique_ptr<LmdbCache> open(LogLines* log = nullptr) {
    auto made = LmdbCache::open({.path = folder.cache(), .log = log ? log->sink() : nullptr}, clock);
    return made ? std::move(*made) : nullptr;
  }
  void fill();
  void note_expected();
  std::string look(DamageOutcome& outcome);
  std::string judge(const std::string& bytes, LmdbCache& cache, Reader& reader, DamageOutcome& outcome);
};

// One commit at a time, so that the file is the same in every run and a number always means the same damage.
void DamagedCache::World::fill() {
  auto cache = open();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 150; ++i) {
      (void)put(*cache, numbered("kept", i), policy_record(Mode::enforce, clock.now()));
      if (i % 5 == 0) (void)put(*cache, numbered("none", i), negative_record(clock.now()));
      if (i % 50 == 0) (void)put(*cache, numbered("large", i), large_record(clock.now()));
    }
    clock.turn(std::chrono::seconds(3600));
  }
  for (int i = 0; i < 30; ++i)
    (void)put(*cache, numbered("late", i), policy_record(Mode::testing, clock.now()));
}

void DamagedCache::World::note_expected() {
  raw::with_databases(folder.cache(), [&](MDB_txn* txn, const cache::Databases& dbs) {
    for (auto dbi : {dbs.policy, dbs.negative}) {
      MDB_cursor* cursor = nullptr;
      mdb_cursor_open(txn, dbi, &cursor);
      MDB_val key{}, value{};
      while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
        std::string name(cache::to_view(key)), bytes(cache::to_view(value));
        Expected entry{dbi == dbs.policy, bytes.size() > page / 3 ? "" : node_of(name, bytes), 0};
        expected.emplace(std::move(name), std::move(entry));
      }
      mdb_cursor_close(cursor);
    }
  });
  auto cache = open();
  auto reader = *cache->reader();
  for (auto& [domain, entry] : expected)
    entry.fetched_at = (*reader->find(name(domain)))->fetched_at.time_since_epoch().count();
}

// Runs in the child: opens the damaged file as the daemon does, and reads every entry.
std::string DamagedCache::World::judge(const std::string& bytes, LmdbCache& cache, Reader& reader,
                                       DamageOutcome& outcome) {
  std::size_t absent = 0;
  for (const auto& [domain, entry] : expected) {
    auto found = reader.find(name(domain));
    if (!found) return "can't read " + domain + ": " + found.error().detail;
    bool intact_still = !entry.node.empty() && bytes.find(entry.node) != std::string::npos;
    if (!*found) {
      ++absent;
      if (intact_still && entry.in_policy) return domain + " is not hit and not there";
    } else if ((*found)->lost) {
      ++outcome.lost;
      if (intact_still) return domain + " is not hit and counts as lost";
    } else if ((*found)->has_policy != entry.in_policy) {
      return domain + " has another kind of entry";
    } else if (entry.in_policy && (*found)->fetched_at.time_since_epoch().count() != entry.fetched_at) {
      ++outcome.salvaged;
      if (intact_still) return domain + " is not hit and is an older copy";
    } else {
      ++outcome.kept;
    }
  }
  auto condition = cache.condition();
  outcome.noticed = !condition.set_aside.empty();
  if (absent > 0 && condition.lost < absent + outcome.lost)
    return std::to_string(absent) + " entries are gone and " + std::to_string(condition.lost) +
           " told as lost, " + std::to_string(outcome.lost) + " of them by name";
  outcome.lost += static_cast<unsigned>(absent);
  return {};
}

std::string DamagedCache::World::look(DamageOutcome& outcome) {
  auto bytes = read_file(folder.file("data.mdb"));
  LogLines log;
  auto opened = LmdbCache::open({.path = folder.cache(), .log = log.sink()}, clock);
  if (!opened) return "does not start: " + opened.error().detail;
  auto reader = *(*opened)->reader();
  auto complaint = judge(bytes, **opened, *reader, outcome);
  if (!complaint.empty()) return complaint;
  reader->release();
  auto stored = put(**opened, name("new.example"), policy_record(Mode::enforce, clock.now()));
  if (!stored) return "can't store any more: " + stored.error().detail;
  return {};
}

DamagedCache::DamagedCache() : world_(std::make_unique<World>()) {
  world_->fill();
  world_->note_expected();
  world_->intact = read_file(world_->folder.file("data.mdb"));
}

DamagedCache::~DamagedCache() = default;

std::size_t DamagedCache::entries() const noexcept { return world_->expected.size(); }

DamageOutcome DamagedCache::attempt(std::uint32_t number) {
  for (const auto& file : files_like(world_->folder.cache(), "data.mdb"))
    std::filesystem::remove(world_->folder.file(file));
  DamageOutcome outcome;
  auto bytes = world_->intact;
  outcome.what = apply_damage(bytes, number);
  write_file(world_->folder.file("data.mdb"), bytes);
  int ends[2];
  if (::pipe(ends) != 0) return {outcome.what, "no pipe"};
  auto child = ::fork();
  if (child == 0) {
    rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    for (int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) ::signal(signal, SIG_DFL);
    auto complaint = world_->look(outcome);
    std::ostringstream line;
    line << outcome.kept << ' ' << outcome.salvaged << ' ' << outcome.lost << ' ' << outcome.noticed << ' '
         << complaint;
    auto text = line.str();
    auto written = ::write(ends[1], text.data(), std::min<std::size_t>(text.size(), 4000));
    ::_exit(written < 0);
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  auto size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  std::istringstream line(text.substr(0, size > 0 ? static_cast<std::size_t>(size) : 0));
  if (!(line >> outcome.kept >> outcome.salvaged >> outcome.lost >> outcome.noticed)) {
    outcome.complaint =
        WIFSIGNALED(status) ? std::string("died of ") + strsignal(WTERMSIG(status)) : "told nothing";
    return outcome;
  }
  line.get();
  std::getline(line, outcome.complaint);
  return outcome;
}

}  // namespace mtasts::test
