#include "postfix-policy/admin/problems_now.hpp"

#include "core/time_text.hpp"

namespace mtasts {
namespace {

class List {
 public:
  explicit List(Time now) : now_(now) {}

  void add(std::string code, std::string text) { all_.push_back({std::move(code), std::move(text)}); }
  void add(std::string code, std::string_view what, const std::optional<CacheTrouble>& trouble) {
    if (!trouble) return;
    add(std::move(code), std::string(what) + " since " + utc_text(trouble->since) +
                             (trouble->why.empty() ? "" : ": " + trouble->why));
  }
  // A reader that stays pins every page freed since it began; one that comes and goes does no harm.
  void add(const HeldReader& reader) {
    add("reader-held", "process " + std::to_string(reader.pid) + " has been reading the cache since " +
                           utc_text(reader.since) + " (" + std::to_string((now_ - reader.since).count()) +
                           " s), so the file grows; end that process");
  }
  std::vector<Problem> take() && { return std::move(all_); }

 private:
  Time now_;
  std::vector<Problem> all_;
};

void add_cache(const CacheCondition& cache, List& list) {
  list.add("must-restart", "the cache has been unusable", cache.must_restart);
  list.add("commits-fail", "nothing has been stored in the cache", cache.commits_fail);
  list.add("writer-waits", "writing to the cache has been held up", cache.writer_waits);
  list.add("folder-gone", "the cache folder has been missing or replaced", cache.folder_gone);
  list.add("read-only", "the cache has been read-only (nothing new is stored)", cache.read_only);
  if (cache.lost > 0 || cache.more_lost)
    list.add("entries-lost",
             (cache.lost > 0 ? std::to_string(cache.lost) + " entries of the cache were lost through damage" +
                                   (cache.more_lost ? ", and perhaps more" : "")
                             : "an unknown number of entries of the cache may be lost through damage") +
                 (cache.damaged_at ? ", found at " + utc_text(*cache.damaged_at) : "") +
                 (cache.set_aside.empty() ? "" : "; the damaged file is kept as " + cache.set_aside) +
                 "; their domains are looked up again; restart mtastsd to clear this message");
  for (const HeldReader& reader : cache.held_readers) list.add(reader);
}

void add_shortages(const Shortages& shortages, Shortages::Moment now, List& list) {
  if (shortages.lately(Shortage::descriptors, now))
    list.add("descriptors",
             "there were too few file descriptors within the last 10 minutes; raise the limit of open "
             "files (LimitNOFILE=), or lower [limits] connections");
  if (shortages.lately(Shortage::connections, now))
    list.add("connections",
             "connections were refused within the last 10 minutes; raise [limits] connections, or the "
             "limit of open files (LimitNOFILE=)");
  if (shortages.lately(Shortage::fetches, now))
    list.add(
        "fetches",
        "some policies were not fetched within the last 10 minutes, because too many policy hosts were slow "
        "at once");
}

// After a long absence of the host there is nothing that the administrator has to repair.
void add_clock(const ClockBelief& clock, List& list) {
  if (clock.doubt == ClockDoubt::none || clock.doubt == ClockDoubt::long_absence) return;
  list.add("clock-in-doubt", "the clock is in doubt: " + words(clock));
}

void add_file(const ConfigFile& file, const std::optional<std::string>& digest, List& list) {
  if (file.path.empty() || file.digest.empty()) return;
  if (!digest)
    list.add("config-unreadable", "mtastsd can't read " + file.path +
                                      ", so a reload would be refused; let its user read the file");
  else if (*digest != file.digest)
    list.add("config-changed",
             file.path + " is not the configuration in force, which was loaded at " + utc_text(file.loaded) +
                 "; check it (mtastsd --check-config), then reload (systemctl reload mtastsd)");
}

}  // namespace

std::vector<Problem> problems_now(const CacheCondition& cache, const Shortages& shortages,
                                  const ConfigFile& file, const std::optional<std::string>& file_digest,
                                  const ClockBelief& clock, Time now, Shortages::Moment steady_now) {
  List list(now);
  add_cache(cache, list);
  add_shortages(shortages, steady_now, list);
  add_file(file, file_digest, list);
  add_clock(clock, list);
  return std::move(list).take();
}

}  // namespace mtasts
