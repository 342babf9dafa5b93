// libspf2_servers - has libspf2 ask the name server that a test runs
//
// usage: SPF_TEST_SERVER_PORT=5353 LD_PRELOAD=libspf2_servers.so spfquery.libspf2 ...
//
// libspf2 asks whom resolv.conf(5) names, which can say no port. This stands
// between its call of res_ninit(3) and the C library, and puts 127.0.0.1 and
// the port in the place of what was found there.
#include <arpa/inet.h>
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <netinet/in.h>
#include <resolv.h>

extern "C" int __res_ninit(res_state state)
{
    const auto real = reinterpret_cast<int (*)(res_state)>(dlsym(RTLD_NEXT, "__res_ninit"));
    const int result = real(state);
    if (const char* const port = std::getenv("SPF_TEST_SERVER_PORT")) {
        auto& server = state->nsaddr_list[0];
        state->nscount = 1;
        server.sin_family = AF_INET;
        server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
        state->retrans = 2;
        state->retry = 2;
    }
    return result;
}
