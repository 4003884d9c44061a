<?php

declare(strict_types=1);

namespace App\Processes;

class PrintingProcess extends Base
{
    use Prints;

    public static function getName()
    {
        return 'printing';
    }
}
