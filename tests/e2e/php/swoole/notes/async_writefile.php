<?php
/* [AsyncIO] 2 of the notes: written anew, then at the end. */
chdir(sys_get_temp_dir());
$file = 'rs-notes-' . getmypid() . '.log';
$file_content = "first\n";
swoole_async_writefile($file, $file_content, function($filename) {
     echo "wirte ok.\n";
     swoole_async_writefile($filename, "second\n", function($filename) {
          echo file_get_contents($filename);
          unlink($filename);
     }, $flags = FILE_APPEND);
}, $flags = 0);
