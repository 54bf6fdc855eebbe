-- SPDX-License-Identifier: BSD-3-Clause
-- throughput.lua - offer more than the tunnel carries and tell what comes out, for each size and
-- direction. Mbit/s counts IP packets, as the other benches of espgw do.

package.path = package.path .. ";conf/pktgen/?.lua;?.lua"
require "Pktgen"
local common = require "common"

local ms = 3000
local file = io.open("throughput.txt", "w")

common.setup()
pktgen.delay(2000)
file:write("direction      frame      sent  received     Mpps   Mbit/s\n")
for _, port in ipairs({ "0", "1" }) do
	for _, size in ipairs(common.sizes) do
		local sent, got, seconds = common.trial(port, size, 100, ms)

		file:write(string.format("%-14s %5d %9d %9d %8.3f %8.0f\n",
			port == "0" and "site to cloud" or "cloud to site", size, sent, got,
			got / seconds / 1e6, got / seconds * (size - 18) * 8 / 1e6))
		file:flush()
	end
end
file:close()
pktgen.quit()
