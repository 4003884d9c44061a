<?php
/* [AsyncIO] 4 of the notes: at an offset, or (-1) at the end. */
$file = sys_get_temp_dir() . '/rs-notes-' . getmypid() . '.data';
var_dump(swoole_async_write($file, "hello world", 0, function ($filename, $n) {
    swoole_async_write($filename, "HELLO", 0, function ($filename, $n) {
        swoole_async_write($filename, "!\n", -1, function ($filename, $n) {
            echo file_get_contents($filename);
            unlink($filename);
        });
    });
}));
