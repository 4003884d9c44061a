<?php

// A file that declares something cannot run twice in a process: it stays included.

function pollution_function(): int
{
    static $count = 0;

    return ++$count;
}

return 'first';
