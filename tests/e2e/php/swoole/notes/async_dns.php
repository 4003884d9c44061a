<?php
/* [AsyncIO] 5 of the notes; the name is one that needs no network. */
swoole_async_dns_lookup("localhost", function($host, $ip){
    echo "{$host} : {$ip}\n";
});
echo "goes on\n";
