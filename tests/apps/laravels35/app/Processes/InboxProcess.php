<?php

declare(strict_types=1);

namespace App\Processes;

/** Listed by its name alone, so it says itself what the others have in config/laravels.php. */
class InboxProcess extends Base
{
    use RunsInbox;

    public static function getName()
    {
        return 'inbox';
    }

    public static function isRedirectStdinStdout()
    {
        return false;
    }

    public static function getPipeType()
    {
        return 0;
    }
}
