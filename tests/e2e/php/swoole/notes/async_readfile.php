<?php
/* [AsyncIO] 1 of the notes: the whole content of a file. */
swoole_async_readfile(__DIR__."/async_readfile.php", function($filename, $content) {
     echo basename($filename), ': ', strlen($content) === filesize($filename) ? 'all of it' : 'a part', "\n";
});
