// fake_filter - a filter that says what the test tells it to
#pragma once

#include "milterd/filter.h"

#include <atomic>
#include <functional>
#include <stdexcept>
#include <utility>

namespace postern {

class FakeFilter final : public Filter {
public:
    enum class Step { none, begin, header_complete, body, message_complete, verdict };

    struct Script {
        FilterVerdict verdict{};
        std::vector<AuthResult> findings{};
        Step throws_in = Step::none;
        bool has_nothing_to_say = false; // begin() gives no pass
        std::function<void(const Message&, const Findings&, Deadline)> while_judging{}; // look, or take your time
    };

    struct Calls {
        std::atomic<int> begun{0}, header_complete{0}, message_complete{0}, judged{0}, destroyed{0};
        std::atomic<std::size_t> octets{0};
    };

    // `name` is a literal; `calls`, if any, must outlive the passes.
    FakeFilter(std::string_view name, Script script, Calls* calls = nullptr)
        : name_(name)
        , script_(std::move(script))
        , calls_(calls ? *calls : own_calls_)
    {
    }

    std::string_view name() const override { return name_; }

    std::unique_ptr<FilterPass> begin(const Message&) override
    {
        ++calls_.begun;
        if (script_.throws_in == Step::begin)
            throw std::runtime_error("begin");
        return script_.has_nothing_to_say ? nullptr : std::make_unique<Pass>(*this);
    }

private:
    class Pass final : public FilterPass {
    public:
        explicit Pass(FakeFilter& filter)
            : filter_(filter)
        {
        }
        ~Pass() override { ++filter_.calls_.destroyed; }

        void header_complete(const Message&) override
        {
            enter(Step::header_complete, "header_complete", filter_.calls_.header_complete);
        }

        void body(std::span<const char> chunk) override
        {
            filter_.calls_.octets += chunk.size();
            if (filter_.script_.throws_in == Step::body)
                throw std::runtime_error(""); // not even a reason
        }

        void message_complete(const Message&) override
        {
            enter(Step::message_complete, "message_complete", filter_.calls_.message_complete);
        }

        FilterVerdict verdict(const Message& message, Findings& findings, Deadline deadline) override
        {
            enter(Step::verdict, "verdict", filter_.calls_.judged);
            if (filter_.script_.while_judging)
                filter_.script_.while_judging(message, findings, deadline);
            for (const auto& finding : filter_.script_.findings)
                findings.auth_results.push_back(finding);
            return filter_.script_.verdict;
        }

    private:
        void enter(Step step, const char* what, std::atomic<int>& count)
        {
            ++count;
            if (filter_.script_.throws_in == step)
                throw std::runtime_error(what);
        }

        FakeFilter& filter_;
    };

    std::string_view name_;
    Script script_;
    Calls own_calls_;
    Calls& calls_;
};

} // namespace postern
