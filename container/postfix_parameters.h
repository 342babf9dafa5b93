// postfix_parameters - the parameters of a main.cf, in the order in which they were first set
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

class PostfixParameters {
public:
    void set(std::string_view name, std::string_view value); // the last word counts
    void set_list(std::string_view name, const std::vector<std::string>& items); // with ", " between

    std::string text() const; // one line each

private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

} // namespace postern
