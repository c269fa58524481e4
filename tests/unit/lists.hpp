// lists - the texts of a test's rows as the lists that the code takes. A text that is none ends the test.
#pragma once

#include <string_view>

#include "core/host_list.hpp"
#include "core/mx_list.hpp"

namespace mtasts::test {

inline HostList host_list(std::string_view text) { return HostList(HostListView::parse(text).value()); }

// Lives as long as the text.
inline MxListView mx_view(std::string_view text) { return MxListView::parse(text).value(); }
inline MxList mx_list(std::string_view text) { return MxList(mx_view(text)); }

}  // namespace mtasts::test
