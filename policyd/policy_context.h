// policy_context - which checks are asked at one place of main.cf
//
// Postfix asks wherever main.cf names the service, and sends along what that
// place says of itself, as the attribute policy_context:
//
//     check_policy_service { unix:postern/policy, policy_context=dnsbl+spf }
//
// The names of checks, joined by '+' (or by blanks or commas, which Postfix
// wants in braces: { policy_context = dnsbl, spf }). They are asked in the
// order of the chain. No context: the whole chain.
//
// The word "observe" among them is no check: what is asked at this place is
// decided, logged and counted, and answered with DUNNO (postern enable --observe).
// Failure: a name that no check has ever had is most likely mistyped, and a
// check left out by mistake lets mail through unseen: the whole chain is asked
// then, and the caller told. A check that is not in the chain, because it is
// switched off, is not asked here either.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class PolicyContexts {
public:
    using Names = std::vector<std::string_view>;
    using Selection = std::uint32_t; // bit n: the nth check of the chain
    using OnUnknown = std::function<void(std::string_view context, std::string_view name)>;

    static constexpr Selection observed = Selection{1} << 31; // the place observes
    static constexpr Selection whole_chain = ~observed;

    // `known`: names that mean a check, in the chain or not; the names outlive this.
    // `on_unknown` is called once for each context that has an unknown name.
    PolicyContexts(Names chain, Names known, OnUnknown on_unknown);

    Selection checks_for(std::string_view context)
    {
        if (context.empty())
            return whole_chain;
        for (const auto& place : places_)
            if (place.context == context)
                return place.checks;
        return learn(context);
    }

private:
    struct Place {
        std::string context;
        Selection checks;
    };

    Selection learn(std::string_view context);
    Selection select(std::string_view context, std::string_view& unknown) const;

    Names chain_;
    Names known_;
    OnUnknown on_unknown_;
    std::vector<Place> places_; // that have asked: as many as main.cf has
};

} // namespace postern
