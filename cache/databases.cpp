#include "cache/databases.hpp"

#include <algorithm>
#include <string>

#include "cache/layout.hpp"

namespace mtasts::cache {
namespace {

constexpr MDB_dbi free_dbi = 0, main_dbi = 1;  // LMDB's own two

// Schemas 2 and 3 came with versions 2 and 3 of the entry. Older entries can be read as they are and are
// rewritten after the next lookup of their domain, so there is nothing to migrate.
constexpr auto nothing_to_do = [](MDB_txn*, const Databases&) {};
constexpr Migration migrations[] = {{1, nothing_to_do}, {2, nothing_to_do}};

MDB_dbi open_one(MDB_txn* txn, const char* name, bool create) {
  MDB_dbi dbi = 0;
  check(mdb_dbi_open(txn, name, create ? MDB_CREATE : 0u, &dbi), name);
  return dbi;
}

MDB_stat stat_of(MDB_txn* txn, MDB_dbi dbi) {
  MDB_stat stat{};
  check(mdb_stat(txn, dbi, &stat), "count pages");
  return stat;
}

std::optional<std::uint64_t> get_number(MDB_txn* txn, MDB_dbi meta, std::string_view name,
                                        std::size_t octets) {
  MDB_val key = to_val(name), value{};
  int rc = mdb_get(txn, meta, &key, &value);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  check(rc, "read the meta database");
  if (value.mv_size != octets) throw LmdbFailure{MDB_CORRUPTED, "read the meta database"};
  return get_little(to_view(value));
}

void set_number(MDB_txn* txn, MDB_dbi meta, std::string_view name, std::uint64_t number, int octets) {
  char bytes[8];
  put_little(bytes, number, octets);
  MDB_val key = to_val(name), value = to_val({bytes, static_cast<std::size_t>(octets)});
  check(mdb_put(txn, meta, &key, &value, 0), "write the meta database");
}

std::unexpected<Error> refuse(std::string_view path, std::string_view why) {
  return fail(Fault::storage, std::string("cache ").append(path).append(": ").append(why));
}

std::string too_new(std::uint64_t version, std::uint32_t known) {
  return "it has schema " + std::to_string(version) + ", written by a newer mtastsd (this one knows " +
         std::to_string(known) +
         "); install that version again, or move data.mdb away to begin with an empty cache";
}

bool has_meta(MDB_txn* txn) {
  MDB_dbi meta = 0;
  int rc = mdb_dbi_open(txn, "meta", 0, &meta);
  if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND && rc != MDB_INCOMPATIBLE) check(rc, "open the meta database");
  return rc == MDB_SUCCESS;
}

}  // namespace

bool is_foreign(MDB_txn* txn) {
  if (has_meta(txn)) return false;
  MDB_dbi main = 0;
  check(mdb_dbi_open(txn, nullptr, 0, &main), "open the main database");
  return stat_of(txn, main).ms_entries != 0;
}

Result<void> migrate(MDB_txn* txn, const Databases& dbs, std::uint32_t target,
                     std::span<const Migration> steps, std::string_view path) {
  auto found = get_number(txn, dbs.meta, "schema", 4);
  if (!found) {
    set_number(txn, dbs.meta, "schema", target, 4);
    return {};
  }
  auto version = static_cast<std::uint32_t>(*found);
  if (version > target) return refuse(path, too_new(version, target));
  while (version < target) {
    auto step = std::ranges::find(steps, version, &Migration::from);
    if (step == steps.end())
      return refuse(path, "this mtastsd cannot bring schema " + std::to_string(version) +
                              " up to date; move data.mdb away to begin with an empty cache");
    step->run(txn, dbs);
    set_number(txn, dbs.meta, "schema", ++version, 4);
  }
  return {};
}

Result<Databases> open_databases(MDB_txn* txn, bool create, std::string_view path) {
  if (!create && !has_meta(txn)) return refuse(path, "the cache is still empty; start mtastsd first");
  Databases dbs;
  dbs.meta = open_one(txn, "meta", create);
  // Checked before the other databases are opened, because a newer schema may have given them another form.
  auto version = get_number(txn, dbs.meta, "schema", 4);
  if (version && *version > schema_version) return refuse(path, too_new(*version, schema_version));
  if (!create && version != schema_version)
    return refuse(path, "its schema is older than this program's; restart mtastsd to bring it up to date");
  dbs.policy = open_one(txn, "policy", create);
  dbs.negative = open_one(txn, "negative", create);
  dbs.due = open_one(txn, "due", create);
  dbs.expiry = open_one(txn, "expiry", create);
  dbs.used = open_one(txn, "used", create);
  if (create)
    if (auto current = migrate(txn, dbs, schema_version, migrations, path); !current)
      return std::unexpected(current.error());
  return dbs;
}

Time newest_fetch(MDB_txn* txn, const Databases& dbs) {
  auto seconds = get_number(txn, dbs.meta, "newest_fetch", 8).value_or(0);
  std::chrono::seconds since(static_cast<std::int64_t>(seconds));
  return since < std::chrono::seconds(0) || since >= most_seconds ? Time{} : Time(since);
}

void set_newest_fetch(MDB_txn* txn, const Databases& dbs, Time when) {
  set_number(txn, dbs.meta, "newest_fetch", static_cast<std::uint64_t>(when.time_since_epoch().count()), 8);
}

namespace {

std::optional<std::string_view> get_text(MDB_txn* txn, MDB_dbi meta, std::string_view name) {
  MDB_val key = to_val(name), value{};
  int rc = mdb_get(txn, meta, &key, &value);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  check(rc, "read the meta database");
  return to_view(value);
}

void set_text(MDB_txn* txn, MDB_dbi meta, std::string_view name, std::string_view text) {
  MDB_val key = to_val(name), value = to_val(text);
  check(mdb_put(txn, meta, &key, &value, 0), "write the meta database");
}

// The decoded value; the empty one if there is none or it cannot be decoded.
template <class T>
T get_value(MDB_txn* txn, MDB_dbi meta, std::string_view name, std::optional<T> (*decode)(std::string_view)) {
  auto bytes = get_text(txn, meta, name);
  auto value = bytes ? decode(*bytes) : std::nullopt;
  return value.value_or(T{});
}

}  // namespace

ClockMark clock_mark(MDB_txn* txn, const Databases& dbs) {
  return get_value(txn, dbs.meta, "clock", decode_clock_mark);
}

void set_clock_mark(MDB_txn* txn, const Databases& dbs, const ClockMark& mark) {
  set_text(txn, dbs.meta, "clock", encode(mark));
}

HostMemory host_memory(MDB_txn* txn, const Databases& dbs) {
  return get_value(txn, dbs.meta, "host", decode_host_memory);
}

void set_host_memory(MDB_txn* txn, const Databases& dbs, const HostMemory& memory) {
  set_text(txn, dbs.meta, "host", encode(memory));
}

std::uint64_t used_bytes(MDB_txn* txn, const Databases& dbs) {
  std::uint64_t pages = 2, page_size = 0;
  auto count = [&](MDB_dbi dbi) {
    auto stat = stat_of(txn, dbi);
    pages += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    page_size = stat.ms_psize;
  };
  count(free_dbi);
  count(main_dbi);
  for (auto dbi : dbs.all()) count(dbi);
  return pages * page_size;
}

}  // namespace mtasts::cache
