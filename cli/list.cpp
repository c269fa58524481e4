#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "answer/answer_json.hpp"
#include "cache/lmdb_cache.hpp"
#include "cli/commands.hpp"
#include "cli/listed_overrides.hpp"
#include "cli/words.hpp"
#include "core/policy_life.hpp"
#include "core/time_text.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {
namespace {

constexpr std::size_t widest_domain = 40;  // a longer name shifts the other columns of its row
// "2026-02-07 in 119 minutes" and "119 minutes ago" are the longest times.
constexpr std::string_view row_form = "{:<{}}  {:<7}  {:<25}  {:<15}";
constexpr std::size_t rest_of_row = 2 + 7 + 2 + 25 + 2 + 15;
constexpr std::size_t room_for_id = 100;  // a narrower terminal shows neither ids nor DANE
constexpr std::size_t widest_dane = 8;    // "insecure", "unusable"

bool glob_matches(const ListOptions& options, const std::string& name) {
  return options.glob.empty() || fnmatch(options.glob.c_str(), name.c_str(), 0) == 0;
}

bool wanted(std::string_view domain, const RecordView& record, const ListOptions& options,
            const Moment& moment) {
  if (!glob_matches(options, std::string(domain))) return false;
  if (!record.has_policy) return options.all && options.mode.empty() && !options.expiring;
  if (!options.mode.empty() && words(record.policy.mode) != options.mode) return false;
  if (!options.expiring) return true;
  auto left = expires_at(record.policy, record.fetched_at, moment) - moment.now;
  return left > std::chrono::seconds(0) && left <= *options.expiring;
}

std::string expiry(const RecordView& record, const Moment& moment) {
  if (!policy_in_force(record, moment)) return "expired";
  auto at = expires_at(record.policy, record.fetched_at, moment);
  return fmt::format("{} {}", utc_text(at).substr(0, 10), from_now(at, moment.now));
}

struct Tally {
  std::size_t domain_width = 6, id_width = 2, rows = 0, bad = 0;
  std::size_t policies = 0, others = 0;  // seen, wanted or not
};

// An override has neither mode nor expiry, so those filters exclude it.
bool wanted(const ListedOverrides::Row& row, const ListOptions& options) {
  return options.mode.empty() && !options.expiring && glob_matches(options, row.name);
}

// The columns of the table. Nothing is cut unless the table does not fit into the terminal.
struct Columns {
  Columns(const Tally& tally, std::size_t width)
      : cut(width > 0),
        with_id(!cut || width >= room_for_id),
        domain(std::min(tally.domain_width, widest_domain)),
        id_width(tally.id_width) {
    std::size_t others = rest_of_row + (with_id ? 2 + tally.id_width + 2 + widest_dane : 0);
    if (cut) domain = std::min(tally.domain_width, std::max(width, others + 6) - others);
  }

  std::string row(std::string_view name, std::string_view mode, std::string_view expiry,
                  std::string_view fetched, std::string_view id, std::string_view dane) const {
    std::string shown = whole(name);
    if (cut && shown.size() > domain) shown.replace(domain - 2, std::string::npos, "..");
    auto text = fmt::format(row_form, shown, domain, mode, expiry, fetched);
    if (with_id) text += fmt::format("  {:<{}}  {}", whole(id), id_width, dane);
    return text.substr(0, text.find_last_not_of(' ') + 1);
  }

  bool cut, with_id;
  std::size_t domain, id_width;
};

std::string row(const Columns& columns, std::string_view domain, const RecordView& record,
                const Moment& moment) {
  auto dane = dane_code(find_dane(record, {}), moment.now);
  if (!record.has_policy) return columns.row(domain, "-", state_code(record.state), "-", "-", dane);
  return columns.row(domain, words(record.policy.mode), expiry(record, moment),
                     from_now(record.fetched_at, moment.now), record.id, dane);
}

boost::json::object object(std::string_view domain, const RecordView& record, const Override* over,
                           const Moment& moment) {
  auto dane = dane_code(find_dane(record, {}), moment.now);
  boost::json::object fields{{"domain", to_json(domain)},
                             {"mode", nullptr},
                             {"expires", nullptr},
                             {"fetched", nullptr},
                             {"id", nullptr},
                             {"max_age", nullptr},
                             {"state", to_json(state_code(record.state))},
                             {"next_check", time_or_null(record.next_check)},
                             {"override", override_json(over)},
                             {"dane", dane.empty() ? boost::json::value() : to_json(dane)}};
  if (!record.has_policy) return fields;
  fields["mode"] = to_json(words(record.policy.mode));
  fields["expires"] = time_or_null(expires_at(record.policy, record.fetched_at, moment));
  fields["fetched"] = time_or_null(record.fetched_at);
  fields["id"] = to_json(record.id);
  fields["max_age"] = record.policy.max_age;
  return fields;
}

// Calls f(domain, record) for each entry that is wanted. It walks the cache without copying it: it may hold
// millions of entries.
template <class F>
Result<Tally> for_each_wanted(LmdbCache& cache, const ListOptions& options, const Moment& moment, F f) {
  Tally tally;
  auto judge = [&](std::string_view domain, Result<RecordView> record) {
    if (!record) {
      ++tally.bad;
      return true;
    }
    ++(record->has_policy ? tally.policies : tally.others);
    if (!wanted(domain, *record, options, moment)) return true;
    tally.domain_width = std::max(tally.domain_width, domain.size());
    tally.id_width = std::max(tally.id_width, record->id.size());
    ++tally.rows;
    f(domain, *record);
    return true;
  };
  auto walked = options.expiring ? cache.walk_expiring(moment.now, moment.now + *options.expiring, judge)
                                 : cache.walk(judge);
  if (!walked) return std::unexpected(walked.error());
  return tally;
}

// The object for an override without a cached entry; it has the same members.
boost::json::object object(const ListedOverrides::Row& row) {
  boost::json::object fields = object(row.name, RecordView{}, row.rule, Moment{});
  fields["state"] = nullptr;
  return fields;
}

// Prints a JSON array with one object on each line, so that programs can read long lists line by line.
Result<Tally> print_json(LmdbCache& cache, const ListOptions& options, ListedOverrides& overrides,
                         const Moment& moment, const Terminal& terminal) {
  const char* separator = "[\n";
  auto print = [&](const boost::json::object& fields) {
    terminal.out << separator << ascii_json(fields);
    separator = ",\n";
  };
  auto tally =
      for_each_wanted(cache, options, moment, [&](std::string_view domain, const RecordView& record) {
        print(object(domain, record, overrides.find(domain), moment));
      });
  if (!tally) return tally;
  for (const auto& row : overrides.rows())
    if (!row.listed && wanted(row, options)) print(object(row));
  terminal.out << (*separator == '[' ? "[]\n" : "\n]\n");
  return tally;
}

void print_overrides(const ListedOverrides& overrides, const ListOptions& options, const Terminal& terminal) {
  bool first = true;
  for (const auto& row : overrides.rows()) {
    if (!row.used && !wanted(row, options)) continue;
    if (std::exchange(first, false)) terminal.print(terminal.paint(Colour::faint, "\nOVERRIDES IN FORCE"));
    terminal.print(wrapped(fmt::format("{}  {}", whole(row.name), override_in_words(*row.rule)), 2));
  }
}

// With --expiring the tally counts only the policies that expire in time.
std::string why_no_rows(const Tally& tally, const ListOptions& options) {
  if (options.expiring) return "no cached policy expires within that time";
  if (tally.policies + tally.others + tally.bad == 0) return "the cache is empty";
  bool filtered = !options.mode.empty() || !options.glob.empty();
  if (tally.policies == 0 && !options.all && !filtered)
    return fmt::format("no policy is cached; --all shows the domains known to have none ({})", tally.others);
  return fmt::format("none of the {} policies and {} domains without one in the cache matches these options",
                     tally.policies, tally.others);
}

Result<Tally> print_rows(LmdbCache& cache, const ListOptions& options, ListedOverrides& overrides,
                         const Moment& moment, const Terminal& terminal) {
  auto tally = for_each_wanted(cache, options, moment, [](std::string_view, const RecordView&) {});
  if (!tally) return tally;
  if (tally->rows == 0) {
    terminal.print(why_no_rows(*tally, options));
    return tally;
  }
  Columns columns(*tally, terminal.width);
  terminal.print(
      terminal.paint(Colour::faint, columns.row("DOMAIN", "MODE", "EXPIRES", "FETCHED", "ID", "DANE")));
  return for_each_wanted(cache, options, moment, [&](std::string_view domain, const RecordView& record) {
    overrides.find(domain);
    terminal.print(row(columns, domain, record, moment));
  });
}

}  // namespace

int list(LmdbCache& cache, const ListOptions& options, const std::vector<OverrideConfig>& overrides,
         const Moment& moment, const Terminal& terminal) {
  ListedOverrides in_force(overrides, moment.now);
  auto tally = terminal.json ? print_json(cache, options, in_force, moment, terminal)
                             : print_rows(cache, options, in_force, moment, terminal);
  if (!tally) return terminal.trouble(whole(tally.error().detail));
  if (!terminal.json) print_overrides(in_force, options, terminal);
  if (tally->bad > 0)
    terminal.err << fmt::format("mtastsctl: {} damaged {} left out; mtastsd looks these domains up again\n",
                                tally->bad, tally->bad == 1 ? "entry" : "entries");
  return exit_ok;
}

}  // namespace mtasts
